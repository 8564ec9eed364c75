package dev.banos.loader;

import dev.banos.bindings.SystemCalls;
import org.jspecify.annotations.Nullable;

/** Policies that ask for the user, or for nothing. No lambdas: one costs a JVM that has just started about ten milliseconds. */
enum UserPolicy implements InstallPolicy {
    SUPERUSER,
    ANY;

    @Override
    public @Nullable String objection(Request request) {
        int user = this == ANY ? 0 : SystemCalls.geteuid();
        return user == 0 ? null : "only the superuser may install drivers, and this process runs as user " + user
                + "; an application chooses who may with InstallPolicy.anyUser() or a policy of its own, whoever calls"
                + " banos install with --any-user";
    }
}
