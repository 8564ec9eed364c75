package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;

/** What is allocated off the heap costs nothing on it, once the compiler has seen the code: also not its segment. */
class NoGarbageTest {
    private static final int OPERATIONS = 100_000;
    private static final int MOST_ROUNDS = 300;

    private long sum;

    @Test
    void mallocAndFree() throws JMException {
        assertNoGarbage(() -> {
            long block = Malloc.malloc(100);
            sum += block;
            Malloc.free(block);
        });
    }

    @Test
    void allocateWriteAndFree() throws JMException {
        assertNoGarbage(() -> {
            MemorySegment block = Malloc.allocate(100);
            block.set(ValueLayout.JAVA_LONG, 0, sum);
            sum += block.address();
            Malloc.free(block);
        });
    }

    @Test
    void onAHeap() throws JMException {
        try (Heap heap = Heap.create()) {
            assertNoGarbage(() -> {
                MemorySegment block = heap.allocate(100);
                block.set(ValueLayout.JAVA_LONG, 0, sum);
                sum += block.address();
                heap.free(block);
            });
        }
    }

    /** In some round, because the compiler takes its time, and the first ones are interpreted. */
    private static void assertNoGarbage(Runnable operation) throws JMException {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < MOST_ROUNDS && least >= OPERATIONS; round++) {
            long before = allocatedBytes();
            for (int i = 0; i < OPERATIONS; i++) {
                operation.run();
            }
            least = Math.min(least, allocatedBytes() - before);
        }
        assertThat(least).as("bytes of Java heap for %d operations", OPERATIONS).isLessThan(OPERATIONS);
    }

    private static long allocatedBytes() throws JMException {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        return (long) server.invoke(new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME), "getThreadAllocatedBytes",
                new Object[] {Thread.currentThread().threadId()}, new String[] {long.class.getName()});
    }
}
