package dev.banos.loader;

import dev.banos.bindings.FirstCall;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides who may install which driver. A driver's code runs with all rights of the process, so installing one is a privilege,
 * as in an operating system's kernel. By default, only the superuser has it. An application chooses another policy when it
 * creates its {@link Loader}.
 */
@FunctionalInterface
public interface InstallPolicy {
    /**
     * A request to install a file. The bytes are those that will be linked: the file is not read a second time.
     *
     * @param path null where the driver was given as bytes
     * @param bytes all of the file, or of the archive that holds the driver; not to be changed
     * @param metadata null if the file is no driver: an archive to take members from, an object of an ObjectLinker
     */
    record Request(@Nullable Path path, byte[] bytes, @Nullable DriverMetadata metadata) {
    }

    /** Says yes or no to a driver, from its path (null if it was given as bytes), its bytes and its metadata. */
    @FunctionalInterface
    interface Rule {
        /**
         * Decides one file.
         *
         * @param path the driver's file, null where it was given as bytes
         * @param bytes all of the file; not to be changed
         * @param metadata what the driver says of itself, null for objects that are no drivers
         * @return whether it may be installed
         */
        boolean permits(@Nullable Path path, byte[] bytes, @Nullable DriverMetadata metadata);
    }

    /**
     * Says why the driver must not be installed, and what to do about it, as part of one line; null if it may be installed.
     *
     * @param request which driver
     * @return the reason, or null
     */
    @Nullable String objection(Request request);

    /** {@return a policy by which only a process whose effective user is 0 may install drivers} */
    static InstallPolicy superuser() {
        FirstCall.begin(); // who asks for a policy is about to load
        return UserPolicy.SUPERUSER;
    }

    /** {@return a policy that permits everything} Anybody who can make the application install a file then runs code in it. */
    static InstallPolicy anyUser() {
        FirstCall.begin(); // likewise
        return UserPolicy.ANY;
    }

    /**
     * Permits only files that one of these Ed25519 keys has signed, with a signature beside the file: {@link DriverSignature}. The
     * bytes that are checked are those that will be linked. Any user may install them; {@code superuser().and(signedBy(…))} asks
     * for both.
     *
     * @param keys one or more
     * @return the policy
     * @throws IllegalArgumentException when there is no key
     */
    static InstallPolicy signedBy(PublicKey... keys) {
        if (keys.length == 0) {
            throw new IllegalArgumentException("keys=0: then nothing could be installed");
        }
        List<PublicKey> trusted = List.of(keys);
        return request -> DriverSignature.objection(request.path(), request.bytes(), trusted);
    }

    /**
     * {@return a policy that permits what both this one and the other permit}
     *
     * @param other asked if this one does not object
     */
    default InstallPolicy and(InstallPolicy other) {
        return request -> {
            String objection = objection(request);
            return objection != null ? objection : other.objection(request);
        };
    }

    /**
     * {@return a policy that asks {@code rule}} If the rule says no, the message names the driver and the application's policy.
     *
     * @param rule called for each file, on the thread that installs
     */
    static InstallPolicy of(Rule rule) {
        return request -> rule.permits(request.path(), request.bytes(), request.metadata()) ? null
                : "the application's InstallPolicy does not permit "
                + (request.metadata() == null ? "this file" : "driver " + request.metadata().name());
    }
}
