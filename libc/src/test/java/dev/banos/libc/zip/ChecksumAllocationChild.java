package dev.banos.libc.zip;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;

/** Prints how many bytes of the Java heap many small checksums take, once they are compiled. */
final class ChecksumAllocationChild {
    private static final int ROUNDS = 200;
    private static final int TIMES = 20_000;

    private ChecksumAllocationChild() {
    }

    public static void main(String[] args) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment[] data = {scope.allocate(9), scope.allocate(64), scope.allocate(5000), MemorySegment.ofArray(new byte[100])};
            long least = Long.MAX_VALUE;
            for (int round = 0; round < ROUNDS && least > 0; round++) { // until the compiler is done, on a busy machine late
                long before = threads.getCurrentThreadAllocatedBytes();
                sumAll(data);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            System.out.println(least);
        }
    }

    private static int sumAll(MemorySegment[] data) {
        int sum = 0;
        for (int i = 0; i < TIMES; i++) {
            for (MemorySegment segment : data) {
                sum = Crc32.update(sum, segment) + Crc32C.update(sum, segment) + Adler32.update(1, segment);
            }
        }
        return sum;
    }
}
