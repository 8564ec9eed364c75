package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import dev.banos.testing.StackEnd;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where Java's heap or a stack has no room for the rest of a call, its block goes back. */
class LittleRoomTest {
    /** A buffer's record for the leak detector is made after its block. */
    @Test
    void aBufferThatTheJavaHeapHasNoRoomForHasNoBlock() throws IOException, InterruptedException {
        List<String> flags = List.of("-Xmx16m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-Dio.netty.leakDetection.level=paranoid");
        assertThat(ChildJvm.run(flags, Full.class).output()).containsPattern("buffers [1-9]").containsPattern("out of memory [1-9]")
                .contains("live 0;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Full {
        private static final int ROUNDS = 100;

        private Full() {
        }

        public static void main(String[] arguments) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
            try (Heap heap = Heap.createShared()) {
                BanosByteBufAllocator allocator = new BanosByteBufAllocator(heap);
                allocator.directBuffer(100).release(); // then all classes are there
                List<ByteBuf> buffers = new ArrayList<>(ROUNDS);
                FullJavaHeap javaHeap = new FullJavaHeap(ROUNDS);
                int outOfMemory = 0;
                javaHeap.fill();
                for (int i = 0; i < ROUNDS; i++) {
                    try {
                        buffers.add(allocator.directBuffer(100));
                    } catch (OutOfMemoryError javaHeapIsFull) {
                        outOfMemory++;
                    }
                    javaHeap.giveBack(1);
                }
                javaHeap.empty();
                System.out.println("buffers " + buffers.size() + ", out of memory " + outOfMemory);
                buffers.forEach(ByteBuf::release);
                System.out.println("live " + heap.statistics().liveBlocks() + ";");
            }
        }
    }

    /**
     * Growth into another block, and a copy of the buffer, at each distance from the end of a stack. Without the leak
     * detector: it watches one buffer of some, whose release then needs more stack than its allocation did.
     */
    @Test
    void atTheEndOfAStackNoBlockIsLost() throws IOException, InterruptedException {
        List<String> flags = List.of("-Xint", "-Dio.netty.leakDetection.level=disabled");
        assertThat(ChildJvm.run(flags, AtTheEnd.class).output()).containsPattern("too little stack [1-9]").contains("live 0;");
    }

    /** What a JVM of its own runs for that, whose malloc nobody else uses. */
    public static final class AtTheEnd {
        private AtTheEnd() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            work(); // then all classes are there
            int tooLittle = StackEnd.atEachDepth(8, 256 << 10, AtTheEnd::work);
            System.out.println("too little stack " + tooLittle + ", live " + Malloc.statistics().liveBlocks() + ";");
        }

        private static void work() {
            ByteBuf buffer = null;
            ByteBuf copy = null;
            try {
                buffer = BanosByteBufAllocator.DEFAULT.directBuffer(64 << 10);
                buffer.writerIndex(64 << 10);
                copy = buffer.copy();
                buffer.capacity(300 << 10);
            } finally {
                release(copy);
                release(buffer);
            }
        }

        private static void release(ByteBuf buffer) {
            if (buffer != null) {
                buffer.release();
            }
        }
    }
}
