package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What is allocated off the heap costs nothing on it, once the compiler has seen the code: also not its segment. Each in a JVM
 * of its own, because what other tests did with the same methods makes the compiler inline less.
 */
class NoGarbageTest {
    /** What a program does over and over. */
    enum Operation {
        MALLOC_AND_FREE {
            @Override
            void run(Heap heap) {
                long block = Malloc.malloc(100);
                sum += block;
                Malloc.free(block);
            }
        },
        ALLOCATE_WRITE_AND_FREE {
            @Override
            void run(Heap heap) {
                MemorySegment block = Malloc.allocate(100);
                block.set(ValueLayout.JAVA_LONG, 0, sum);
                sum += block.address();
                Malloc.free(block);
            }
        },
        THE_SAME_ON_A_HEAP {
            @Override
            void run(Heap heap) {
                MemorySegment block = heap.allocate(100);
                block.set(ValueLayout.JAVA_LONG, 0, sum);
                sum += block.address();
                heap.free(block);
            }
        };

        private static long sum;

        abstract void run(Heap heap);
    }

    /** What the child runs: prints the least bytes of Java heap that a round took. */
    public static final class Child {
        private static final int OPERATIONS = 100_000;
        private static final int MOST_ROUNDS = 300;

        private Child() {
        }

        /** Many rounds, because the compiler takes its time, and the first ones are interpreted. */
        public static void main(String[] arguments) throws JMException {
            Operation operation = Operation.valueOf(System.getProperty("operation"));
            long least = Long.MAX_VALUE;
            try (Heap heap = Heap.create()) {
                for (int round = 0; round < MOST_ROUNDS && least >= OPERATIONS; round++) {
                    long before = allocatedBytes();
                    for (int i = 0; i < OPERATIONS; i++) {
                        operation.run(heap);
                    }
                    least = Math.min(least, allocatedBytes() - before);
                }
            }
            System.out.println(least < OPERATIONS ? "none" : least + " bytes for " + OPERATIONS + " operations");
        }

        private static long allocatedBytes() throws JMException {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            return (long) server.invoke(new ObjectName(ManagementFactory.THREAD_MXBEAN_NAME), "getThreadAllocatedBytes",
                    new Object[] {Thread.currentThread().threadId()}, new String[] {long.class.getName()});
        }
    }

    @ParameterizedTest
    @EnumSource
    void costsNoJavaHeap(Operation operation) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Doperation=" + operation.name()), Child.class).output()).isEqualToIgnoringWhitespace("none");
    }
}
