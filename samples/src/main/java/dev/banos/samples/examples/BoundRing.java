package dev.banos.samples.examples;

import dev.banos.loader.Declaration;
import dev.banos.loader.Driver;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.Loader;
import dev.banos.loader.Symbol;
import dev.banos.mem.HeapScope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;

/**
 * Does the same as {@link RingFromJava}, through an interface. The compiled driver in the checkout is stripped, so declarations give
 * its types. A driver that is compiled with {@code -gbtf} has them itself, and they are checked against these methods.
 */
public final class BoundRing {
    /** What the driver exports. */
    interface Ring {
        @Symbol("ring_resize")
        @Declaration("int ring_resize(size_t most)")
        int resize(long most);

        @Symbol("ring_put")
        @Declaration("int ring_put(long value)")
        int put(long value);

        @Symbol("ring_drain")
        @Declaration("size_t ring_drain(long *into, size_t most)")
        long drain(MemorySegment into, long most);
    }

    private BoundRing() {
    }

    /** @param args the path of ring.o */
    public static void main(String[] args) {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver ring = loader.install(Path.of(args[0]));
            System.out.println("drained a sum of " + sumThroughRing(ring, 1_000));
        }
    }

    /** Sends the numbers from 1 to {@code count} through the ring, and adds up what comes out. */
    static long sumThroughRing(Driver driver, int count) {
        Ring ring = driver.bind(MethodHandles.lookup(), Ring.class);
        requireZero(ring.resize(count));
        for (long number = 1; number <= count; number++) {
            requireZero(ring.put(number));
        }
        try (Arena scope = HeapScope.ofConfined()) {
            MemorySegment numbers = scope.allocate(ValueLayout.JAVA_LONG, count);
            long drained = ring.drain(numbers, count);
            long sum = 0;
            for (long i = 0; i < drained; i++) {
                sum += numbers.getAtIndex(ValueLayout.JAVA_LONG, i);
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
