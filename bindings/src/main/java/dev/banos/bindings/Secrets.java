package dev.banos.bindings;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;

/**
 * Numbers that nobody can guess, from getrandom(2). {@link SecureRandom} would look for its providers first, which takes a JVM that has
 * just started more than ten milliseconds.
 */
public final class Secrets {
    private static final MemorySegment GETRANDOM = Linker.nativeLinker().defaultLookup().find("getrandom").orElse(MemorySegment.NULL);

    private Secrets() {
    }

    /** {@return 64 bits; those of {@link SecureRandom} where the C library or the kernel has no getrandom, or a filter forbids it} */
    public static long next() {
        return next(GETRANDOM);
    }

    /** @param function takes an address, a number of bytes and 0, and returns how many it has written there; null has none */
    static long next(MemorySegment function) {
        if (function.equals(MemorySegment.NULL)) {
            return new SecureRandom().nextLong();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment secret = arena.allocate(JAVA_LONG);
            boolean isFilled = SystemCalls.call(function, secret.address(), secret.byteSize(), 0) == secret.byteSize();
            return isFilled ? secret.get(JAVA_LONG, 0) : next(MemorySegment.NULL);
        }
    }
}
