package dev.banos.adapter.lwjgl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.lwjgl.PointerBuffer;
import org.lwjgl.system.JNI;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * LWJGL itself, told by the system property that this module's tests run with. It says nothing where the class is not found,
 * and takes the C library's functions: only our counters show whose memory it is.
 */
class ExplicitMemoryTest {
    private final long before = Malloc.statistics().liveBlocks();

    private long live() {
        return Malloc.statistics().liveBlocks() - before;
    }

    @Test
    void buffersAreBlocksOfMalloc() {
        ByteBuffer buffer = MemoryUtil.memAlloc(1000);
        assertThat(live()).isEqualTo(1);
        assertThat(Malloc.usableSize(MemoryUtil.memAddress(buffer))).isEqualTo(1024);
        buffer.putLong(992, 42);
        ByteBuffer larger = MemoryUtil.memRealloc(buffer, 500_000);
        assertThat(larger.getLong(992)).isEqualTo(42);
        assertThat(live()).isEqualTo(1);
        FloatBuffer zeros = MemoryUtil.memCallocFloat(300);
        for (int i = 0; i < 300; i++) {
            assertThat(zeros.get(i)).isZero();
        }
        ByteBuffer aligned = MemoryUtil.memAlignedAlloc(4096, 8192);
        assertThat(MemoryUtil.memAddress(aligned) % 4096).isZero();
        ByteBuffer text = MemoryUtil.memUTF8("banos");
        PointerBuffer pointers = MemoryUtil.memAllocPointer(4).put(0, text);
        assertThat(MemoryUtil.memUTF8(pointers.get(0), 5)).isEqualTo("banos");
        assertThat(live()).isEqualTo(5);
        MemoryUtil.memFree(larger);
        MemoryUtil.memFree(zeros);
        MemoryUtil.memAlignedFree(aligned);
        MemoryUtil.memFree(text);
        MemoryUtil.memFree(pointers);
        MemoryUtil.memFree((ByteBuffer) null);
        assertThat(live()).isZero();
    }

    @Test
    void noMemoryIsLwjglsError() {
        assertThat(MemoryUtil.nmemAlloc(1L << 60)).isZero();
        assertThatThrownBy(() -> MemoryUtil.nmemAllocChecked(1L << 60)).isInstanceOf(OutOfMemoryError.class);
        assertThat(live()).isZero();
    }

    @Test
    void aSecondFreeIsRefused() {
        ByteBuffer buffer = MemoryUtil.memAlloc(64);
        MemoryUtil.memFree(buffer);
        assertThatThrownBy(() -> MemoryUtil.memFree(buffer)).isInstanceOf(InvalidBlockException.class);
        assertThat(live()).isZero();
    }

    /** As a C library does that is given them, through LWJGL's own way of calling functions. */
    @Test
    void itsFunctionPointersAreOfTheSameHeap() {
        MemoryUtil.MemoryAllocator allocator = MemoryUtil.getAllocator();
        assertThat(allocator).isInstanceOf(BanosMemoryAllocator.class);
        long block = JNI.invokePP(256L, allocator.getMalloc());
        assertThat(Malloc.usableSize(block)).isEqualTo(256);
        block = JNI.invokePPP(block, 1000L, allocator.getRealloc());
        assertThat(Malloc.usableSize(block)).isEqualTo(1024);
        long zeros = JNI.invokePPP(8L, 8L, allocator.getCalloc());
        assertThat(MemoryUtil.memGetLong(zeros)).isZero();
        long aligned = JNI.invokePPP(1024L, 10L, allocator.getAlignedAlloc());
        assertThat(aligned % 1024).isZero();
        assertThat(live()).isEqualTo(3);
        MemoryUtil.nmemFree(block);
        JNI.invokePV(zeros, allocator.getFree());
        JNI.invokePV(aligned, allocator.getAlignedFree());
        assertThat(live()).isZero();
    }

    /** The stack of a thread is memory of LWJGL's, not of its allocator. */
    @Test
    void theStackAllocatesNothing() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            stack.mallocInt(10);
            assertThat(live()).isZero();
        }
    }

    /** Whose functions are callbacks of three types, and each type has a description and a list of its arguments for good. */
    @Test
    void lwjglsDebugAllocatorKeepsSixBlocksOfItsOwn() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Dorg.lwjgl.util.DebugAllocator=true", "-Dbanos.mem.leaks=full",
                "-Dorg.lwjgl.system.allocator=" + BanosMemoryAllocator.class.getName(), "--sun-misc-unsafe-memory-access=allow"),
                Debugged.class).output()).contains("6 live, of apiCreateCIF 6");
    }

    /** What the JVM with that allocator runs. */
    public static final class Debugged {
        private Debugged() {
        }

        public static void main(String[] arguments) {
            MemoryUtil.memFree(MemoryUtil.memAlloc(100));
            long ofCalls = LeakTracking.report().sites().stream()
                    .filter(site -> site.stack().stream().anyMatch(frame -> frame.getMethodName().equals("apiCreateCIF")))
                    .mapToLong(LeakReport.Site::blocks).sum();
            System.out.println(Malloc.statistics().liveBlocks() + " live, of apiCreateCIF " + ofCalls);
        }
    }

    @Test
    void anyThreadFrees() throws InterruptedException {
        long[] blocks = new long[10_000];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = MemoryUtil.nmemAlloc(1 + i % 2000);
        }
        assertThat(live()).isEqualTo(blocks.length);
        AtomicLong next = new AtomicLong();
        Thread[] threads = new Thread[3];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = Thread.ofPlatform().start(() -> {
                for (long at = next.getAndIncrement(); at < blocks.length; at = next.getAndIncrement()) {
                    MemoryUtil.nmemFree(blocks[(int) at]);
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(live()).isZero();
    }
}
