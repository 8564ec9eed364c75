package dev.banos.loader.link;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls of a module's own start and stop functions, by address. */
final class NativeCalls {
    private static final class Resolver {
        private static final MethodHandle HANDLE = Native.downcall(FunctionDescriptor.of(JAVA_LONG));
    }

    private static final class Initializer {
        private static final MethodHandle HANDLE =
                Native.downcall(FunctionDescriptor.ofVoid(JAVA_INT, ADDRESS, ADDRESS));
    }

    private static final class Finalizer {
        private static final MethodHandle HANDLE = Native.downcall(FunctionDescriptor.ofVoid(JAVA_LONG));
    }

    private NativeCalls() {
    }

    /** @return the function that the resolver of an indirect function chooses */
    static long resolve(long resolver) {
        try {
            return (long) Resolver.HANDLE.invokeExact(MemorySegment.ofAddress(resolver));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /** As glibc calls initializers: with argc, argv and the environment; there is no command line here. */
    static void initialize(long function, MemorySegment environment) {
        try {
            Initializer.HANDLE.invokeExact(MemorySegment.ofAddress(function), 0, MemorySegment.NULL, environment);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /** Calls a function that takes nothing or one pointer. */
    static void call(long function, long argument) {
        try {
            Finalizer.HANDLE.invokeExact(MemorySegment.ofAddress(function), argument);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static AssertionError impossible(Throwable thrown) {
        return new AssertionError("a downcall throws nothing", thrown);
    }
}
