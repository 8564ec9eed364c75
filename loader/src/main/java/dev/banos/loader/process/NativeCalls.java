package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.machine.Architecture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Calls of a module's own start and stop functions, by address. */
public final class NativeCalls {
    /** On aarch64 resolvers are told of these; elsewhere they ask the processor themselves. */
    private static final long AT_HWCAP = 16;
    private static final long AT_HWCAP2 = 26;
    /** In the first: that there is a second argument. */
    private static final long HAS_MORE = 1L << 62;

    private NativeCalls() {
    }

    /** @return the function that the resolver of an indirect function chooses */
    public static long resolve(long resolver) {
        boolean isTold = Architecture.hostMachine() == Elf.EM_AARCH64;
        return isTold ? call(resolver, processor() | HAS_MORE, ProcessorFacts.FACTS.address(), 0) : call(resolver, 0, 0, 0);
    }

    /** What glibc's {@code sys/ifunc.h} tells of the processor on aarch64: the structure's own size, and two words of the kernel's. */
    private static final class ProcessorFacts {
        private static final MemorySegment FACTS = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 3 * Long.BYTES, processor(),
                call(CLibrary.find("getauxval"), AT_HWCAP2, 0, 0));
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
