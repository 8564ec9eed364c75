package dev.banos.loader;

import dev.banos.bindings.SystemCalls;
import java.nio.file.Path;

/**
 * Who may install which driver. A driver's code runs with all rights of the process, so installing one is a privilege, as it
 * is in an operating system's kernel: by default, of the superuser. An application that knows better says so when it creates
 * its {@link Loader}.
 */
@FunctionalInterface
public interface InstallPolicy {
    /**
     * What is asked for. The bytes are those that will be linked: the file is not read a second time.
     *
     * @param path     null where the driver was given as bytes
     * @param bytes    not to be changed; all of the file, of an archive that holds the driver too
     * @param metadata null where the file is no driver: an archive to take members from, an object of an ObjectLinker
     */
    record Request(Path path, byte[] bytes, DriverMetadata metadata) {
    }

    /** A yes or no over a driver's path (null where it was given as bytes), its bytes and its metadata. */
    @FunctionalInterface
    interface Rule {
        boolean permits(Path path, byte[] bytes, DriverMetadata metadata);
    }

    /** Why the driver must not be installed, or null where it may. */
    String objection(Request request);

    /** Only a process whose effective user is 0 may install drivers. */
    static InstallPolicy superuser() {
        return new Superuser();
    }

    static InstallPolicy anyUser() {
        return new AnyUser();
    }

    /** Classes, for a lambda costs a JVM that has just started about ten milliseconds. */
    record Superuser() implements InstallPolicy {
        @Override
        public String objection(Request request) {
            int user = SystemCalls.geteuid();
            return user == 0 ? null : "only the superuser may install drivers, and this process runs as user " + user;
        }
    }

    /** See {@link #anyUser}. */
    record AnyUser() implements InstallPolicy {
        @Override
        public String objection(Request request) {
            return null;
        }
    }

    static InstallPolicy of(Rule rule) {
        return request -> rule.permits(request.path(), request.bytes(), request.metadata()) ? null
                : "the application's policy does not permit "
                + (request.metadata() == null ? "this file" : "driver " + request.metadata().name());
    }
}
