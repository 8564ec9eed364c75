package dev.banos.samples.examples;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.loader.Driver;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.Loader;
import dev.banos.mem.HeapScope;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** Java as the user of a driver: it puts numbers into the ring and has them written into its own memory. */
public final class RingFromJava {
    private RingFromJava() {
    }

    /** @param args the path of ring.o */
    public static void main(String[] args) throws Throwable {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver ring = loader.install(Path.of(args[0]));
            System.out.println("drained a sum of " + sumThroughRing(ring, 1_000));
        }
    }

    /** Sends the numbers from 1 to {@code count} through the ring, and adds up what comes out. */
    static long sumThroughRing(Driver ring, int count) throws Throwable {
        // size_t and long are 64 bits wide on every Linux that Banos runs on.
        MethodHandle resize = ring.handle("ring_resize", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        MethodHandle put = ring.handle("ring_put", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        MethodHandle drain = ring.handle("ring_drain", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
        requireZero((int) resize.invokeExact((long) count));
        for (long number = 1; number <= count; number++) {
            requireZero((int) put.invokeExact(number));
        }
        try (Arena scope = HeapScope.ofConfined()) {
            MemorySegment numbers = scope.allocate(JAVA_LONG, count);
            long drained = (long) drain.invokeExact(numbers, (long) count);
            long sum = 0;
            for (long i = 0; i < drained; i++) {
                sum += numbers.getAtIndex(JAVA_LONG, i);
            }
            return sum;
        }
    }

    private static void requireZero(int result) {
        if (result != 0) {
            throw new IllegalStateException("result=" + result + " from the driver, a negative errno");
        }
    }
}
