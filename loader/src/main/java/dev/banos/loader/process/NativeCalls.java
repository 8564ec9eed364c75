package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import java.lang.foreign.MemorySegment;

/** Calls of a module's own start and stop functions, by address. */
public final class NativeCalls {
    /** On aarch64 resolvers are told of it; elsewhere they ask the processor themselves. */
    private static final long AT_HWCAP = 16;

    private NativeCalls() {
    }

    /** @return the function that the resolver of an indirect function chooses, by what the kernel says of the processor */
    public static long resolve(long resolver) {
        return call(resolver, processor(), 0, 0);
    }

    /** What the kernel says that the processor can do, as far as it fits into one number. */
    static long processor() {
        return call(CLibrary.find("getauxval"), AT_HWCAP, 0, 0);
    }

    /** As glibc calls initializers: with argc, argv and the environment; there is no command line here. */
    public static void initialize(long function, long environment) {
        call(function, 0, 0, environment);
    }

    /** Calls a function that takes nothing or one pointer. */
    public static void call(long function, long argument) {
        call(function, argument, 0, 0);
    }

    private static long call(long function, long first, long second, long third) {
        return SystemCalls.call(MemorySegment.ofAddress(function), first, second, third);
    }
}
