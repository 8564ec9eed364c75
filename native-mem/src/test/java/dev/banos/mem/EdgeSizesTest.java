package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.EINVAL;
import static dev.banos.bindings.generated.Linux.ENOMEM;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes and alignments at the edges of arithmetic: never a wrapped size, always the errno that C says. */
class EdgeSizesTest {
    private static final long[] IMPOSSIBLE = {-1, -16, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 4095, 1L << 62};

    @Test
    void sizeZeroIsABlockOfItsOwn() {
        long one = Malloc.malloc(0);
        long other = Malloc.malloc(0);
        assertThat(one).isNotZero().isNotEqualTo(other);
        Malloc.free(one);
        Malloc.free(other);
        Malloc.free(Malloc.calloc(0, 8));
        Malloc.free(Malloc.alignedAlloc(4096, 0));
    }

    @Test
    void impossibleSizesAreOutOfMemory() {
        try (Heap shared = Heap.createShared()) {
            for (long size : IMPOSSIBLE) {
                assertFailsWith(ENOMEM(), Malloc.malloc(size));
                assertFailsWith(ENOMEM(), Malloc.calloc(1, size));
                assertFailsWith(ENOMEM(), Malloc.calloc(size, 3));
                assertFailsWith(ENOMEM(), Malloc.alignedAlloc(64, size));
                assertFailsWith(ENOMEM(), Malloc.alignedAlloc(1 << 20, size));
                assertFailsWith(ENOMEM(), shared.malloc(size));
                assertThat(Malloc.posixMemalign(MemorySegment.NULL, 64, size)).isEqualTo(ENOMEM());
            }
        }
    }

    @Test
    void productsThatOverflowAreOutOfMemory() {
        assertFailsWith(ENOMEM(), Malloc.calloc(1L << 32, 1L << 32));
        assertFailsWith(ENOMEM(), Malloc.calloc(3, Long.MAX_VALUE / 2));
        assertFailsWith(ENOMEM(), Malloc.calloc(-1, -1));
        long block = Malloc.malloc(10);
        assertFailsWith(ENOMEM(), Malloc.reallocarray(block, 1L << 33, 1L << 33));
        assertThat(Malloc.usableSize(block)).isEqualTo(16);
        Malloc.free(block);
    }

    @Test
    void aReallocThatFailsKeepsTheBlock() {
        for (long size : new long[] {100, 5000, 200_000}) {
            long block = Malloc.malloc(size);
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, 42);
            for (long impossible : IMPOSSIBLE) {
                assertFailsWith(ENOMEM(), Malloc.realloc(block, impossible));
            }
            assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, block)).isEqualTo(42);
            Malloc.free(block);
        }
    }

    @Test
    void alignmentsThatAreNoPowerOfTwoAreInvalid() {
        for (long alignment : new long[] {0, -1, 3, 24, 4097, Long.MIN_VALUE}) {
            assertFailsWith(EINVAL(), Malloc.alignedAlloc(alignment, 10));
            assertThat(Malloc.posixMemalign(MemorySegment.NULL, alignment, 10)).isEqualTo(EINVAL());
            assertThatThrownBy(() -> Heap.current().allocate(10, alignment)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Malloc.posixMemalign(MemorySegment.NULL, 4, 10)).as("smaller than a pointer").isEqualTo(EINVAL());
        try (Heap heap = Heap.create()) {
            assertThatThrownBy(() -> heap.posixMemalign(MemorySegment.NULL, 64, 100)).as("no room for the result")
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(heap.statistics().liveBlocks()).isZero();
        }
    }

    /** Which is an error, and no exception. */
    @Test
    void aResultInAFileThatIsShorterByNowLeavesNoBlock(@TempDir Path folder) throws IOException {
        try (Arena scope = Arena.ofConfined(); Heap heap = Heap.create();
                FileChannel file = FileChannel.open(Files.write(folder.resolve("out"), new byte[8192]), READ, WRITE)) {
            MemorySegment out = file.map(FileChannel.MapMode.READ_WRITE, 0, 8192, scope);
            file.truncate(0);
            assertThatThrownBy(() -> heap.posixMemalign(out, 64, 100)).isInstanceOf(InternalError.class);
            assertThat(heap.statistics().liveBlocks()).isZero();
        }
    }

    /** The addresses that an alignment leaves unused are no memory that the system must have. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "canary", "guard"})
    void alignmentsUpToSixteenTiB(String kind) {
        HeapOptions options = kind.equals("plain") ? HeapOptions.shared()
                : HeapOptions.shared().hardened(kind.equals("guard") ? Hardening.NONE.withGuard() : Hardening.NONE.withCanary());
        try (Heap heap = Heap.create(options)) {
            for (long alignment = 1 << 16; alignment <= 1L << 44; alignment *= 16) {
                long block = heap.alignedAlloc(alignment, 100_000);
                assertThat(block).as("aligned to %,d", alignment).isNotZero();
                assertThat(block % alignment).isZero();
                heap.free(block);
            }
        }
    }

    @Test
    void alignmentsUpToOneGiB() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment out = scope.allocate(ValueLayout.JAVA_LONG);
            for (long alignment = 8; alignment <= 1L << 30; alignment *= 2) {
                for (long size : new long[] {1, alignment - 1, alignment, 70_000}) {
                    assertThat(Malloc.posixMemalign(out, alignment, size)).isZero();
                    long block = out.get(ValueLayout.JAVA_LONG, 0);
                    assertThat(block % alignment).isZero();
                    assertThat(Malloc.usableSize(block)).isGreaterThanOrEqualTo(size);
                    Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + size - 1, (byte) 1);
                    Malloc.free(block);
                }
            }
        }
    }

    @Test
    void successLeavesErrnoAlone() {
        Tcb.current().errno(77);
        Malloc.free(Malloc.malloc(10));
        Malloc.free(Malloc.realloc(Malloc.malloc(300_000), 600_000));
        Malloc.trim();
        assertThat(Tcb.current().errno()).isEqualTo(77);
    }

    @Test
    void theJavaEdgeThrows() {
        assertThatThrownBy(() -> Malloc.allocate(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
        assertThatThrownBy(() -> Heap.current().allocate(-1, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteSize=-1, byteAlignment=1: the size is negative");
        assertThatThrownBy(() -> Heap.current().allocate(1, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteSize=1, byteAlignment=3: the alignment is no power of two");
        assertThatThrownBy(() -> Malloc.allocate(-1)).isInstanceOf(IllegalArgumentException.class).hasMessage("size=-1 is negative");
        MemorySegment array = MemorySegment.ofArray(new byte[16]);
        assertThatThrownBy(() -> Malloc.free(array)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("on the Java heap");
        assertThatThrownBy(() -> Heap.current().free(array)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("on the Java heap");
        Malloc.free(MemorySegment.NULL);
        MemorySegment block = Malloc.allocate(100);
        assertThat(block.byteSize()).isEqualTo(100);
        assertThatThrownBy(() -> block.get(ValueLayout.JAVA_BYTE, 100)).isInstanceOf(IndexOutOfBoundsException.class);
        Malloc.free(block);
    }

    private static void assertFailsWith(int errno, long result) {
        assertThat(result).isZero();
        assertThat(Tcb.current().errno()).isEqualTo(errno);
        Tcb.current().errno(0);
    }
}
