package dev.banos.loader;

import dev.banos.bindings.SystemCalls;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    record Request(@Nullable Path path, byte[] bytes, @Nullable DriverMetadata metadata) {
    }

    /** A yes or no over a driver's path (null where it was given as bytes), its bytes and its metadata. */
    @FunctionalInterface
    interface Rule {
        boolean permits(@Nullable Path path, byte[] bytes, @Nullable DriverMetadata metadata);
    }

    /** Why the driver must not be installed, and what to do about it, or null where it may: part of one line. */
    @Nullable String objection(Request request);

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
            return user == 0 ? null : "only the superuser may install drivers, and this process runs as user " + user
                    + "; an application chooses who may with InstallPolicy.anyUser() or a policy of its own, the banos command"
                    + " with --any-user";
        }
    }

    /** See {@link #anyUser}. */
    record AnyUser() implements InstallPolicy {
        @Override
        public String objection(Request request) {
            return null;
        }
    }

    /**
     * Only files that one of these Ed25519 keys has signed, with a signature beside the file: {@link DriverSignature}. What is
     * checked are the bytes that will be linked. It asks for no user; {@code superuser().and(signedBy(…))} asks for both.
     */
    static InstallPolicy signedBy(PublicKey... keys) {
        if (keys.length == 0) {
            throw new IllegalArgumentException("keys=0: then nothing could be installed");
        }
        List<PublicKey> trusted = List.of(keys);
        return request -> DriverSignature.objection(request.path(), request.bytes(), trusted);
    }

    /** What this policy and the other one permit. */
    default InstallPolicy and(InstallPolicy other) {
        return request -> {
            String objection = objection(request);
            return objection != null ? objection : other.objection(request);
        };
    }

    static InstallPolicy of(Rule rule) {
        return request -> rule.permits(request.path(), request.bytes(), request.metadata()) ? null
                : "the application's InstallPolicy does not permit "
                + (request.metadata() == null ? "this file" : "driver " + request.metadata().name());
    }
}
