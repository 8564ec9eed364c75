package dev.banos.adapter.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HeapStatistics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.HeapRootAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.impl.UnionListWriter;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.util.TransferPair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Real vectors, with Arrow's own accounts beside the counters of the heap. */
class ArrowMemoryTest {
    private static final int ROWS = 50_000;

    private final Heap heap = Heap.create(HeapOptions.shared().named("arrow").limit(256L << 20));
    private final RootAllocator root = new HeapRootAllocator(heap);

    @AfterEach
    void close() {
        root.close(); // Arrow's own check: throws where a buffer was not released
        assertThat(now().liveBlocks()).isZero();
        heap.close();
    }

    private HeapStatistics now() {
        return heap.statistics();
    }

    @Test
    void vectorsGrowAndGoBack() {
        try (IntVector numbers = new IntVector("numbers", root); VarCharVector words = new VarCharVector("words", root)) {
            for (int i = 0; i < ROWS; i++) {
                numbers.setSafe(i, i * 31);
                words.setSafe(i, word(i));
            }
            numbers.setValueCount(ROWS);
            words.setValueCount(ROWS);
            assertThat(now().liveBytes()).isBetween(root.getAllocatedMemory(), root.getAllocatedMemory() * 5 / 4);
            assertThat(now().mappedBytes()).as("what is large is mapped").isGreaterThan(ROWS * Integer.BYTES);
            for (int i = 0; i < ROWS; i++) {
                assertThat(numbers.get(i)).isEqualTo(i * 31);
                assertThat(words.get(i)).isEqualTo(word(i));
            }
        }
        assertThat(root.getAllocatedMemory()).isZero();
        assertThat(now().liveBlocks()).isZero();
        heap.trim();
        assertThat(heap.budget().usedBytes()).isZero();
    }

    @Test
    void nestedVectors() {
        try (ListVector lists = ListVector.empty("lists", root)) {
            UnionListWriter writer = lists.getWriter();
            writer.allocate();
            for (int i = 0; i < 1000; i++) {
                writer.setPosition(i);
                writer.startList();
                for (int j = 0; j < i % 7; j++) {
                    writer.bigInt().writeBigInt(i * 10L + j);
                }
                writer.endList();
            }
            lists.setValueCount(1000);
            assertThat(lists.getObject(13)).hasToString("[130,131,132,133,134,135]");
            assertThat(now().liveBlocks()).isPositive();
        }
    }

    @Test
    void buffersAreAlignedAsTheFormatRecommends() {
        SplittableRandom random = new SplittableRandom(11);
        List<ArrowBuf> buffers = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            ArrowBuf buffer = root.buffer(1 + random.nextLong(1L << random.nextInt(1, 18)));
            assertThat(buffer.memoryAddress() % 64).isZero();
            buffers.add(buffer);
        }
        assertThat(now().liveBlocks()).isEqualTo(2000);
        buffers.forEach(ArrowBuf::close);
    }

    /** Arrow refuses by its own accounts, before the heap is asked. */
    @Test
    void theLimitOfAChildAllocator() {
        try (BufferAllocator child = root.newChildAllocator("child", 0, 1 << 20)) {
            try (ArrowBuf _ = child.buffer(1 << 19)) {
                assertThatThrownBy(() -> child.buffer((1 << 19) + 1)).isInstanceOf(OutOfMemoryException.class);
                assertThat(now().liveBlocks()).isEqualTo(1);
            }
        }
        assertThat(heap.budget().refusals()).isZero();
    }

    @Test
    void theLimitOfTheHeapIsAnExceptionOfArrows() {
        try (ArrowBuf kept = root.buffer(128L << 20)) {
            assertThatThrownBy(() -> root.buffer(129L << 20)).isInstanceOf(OutOfMemoryException.class)
                    .hasMessageContaining("heap arrow").hasMessageContaining("268,435,456");
            assertThat(root.getAllocatedMemory()).as("Arrow has taken back what it had entered").isEqualTo(kept.capacity());
            assertThat(heap.budget().refusals()).isPositive();
            assertThat(now().liveBlocks()).isEqualTo(1);
        }
    }

    @Test
    void aBlockLivesAsLongAsTheLastAllocatorThatSharesIt() {
        try (BufferAllocator first = root.newChildAllocator("first", 0, Long.MAX_VALUE);
                BufferAllocator second = root.newChildAllocator("second", 0, Long.MAX_VALUE)) {
            BigIntVector source = new BigIntVector("source", first);
            source.allocateNew(100);
            source.setSafe(99, 42);
            source.setValueCount(100);
            long blocks = now().liveBlocks();
            TransferPair pair = source.getTransferPair(second);
            pair.transfer();
            source.close();
            assertThat(first.getAllocatedMemory()).isZero();
            assertThat(now().liveBlocks()).as("moved, not copied").isEqualTo(blocks);
            try (BigIntVector target = (BigIntVector) pair.getTo()) {
                assertThat(target.get(99)).isEqualTo(42);
            }
            assertThat(now().liveBlocks()).isZero();
        }
    }

    @Test
    void slicesShareTheBlock() {
        ArrowBuf buffer = root.buffer(1024);
        ArrowBuf slice = buffer.slice(512, 512);
        slice.getReferenceManager().retain();
        buffer.setInt(512, 77);
        buffer.close();
        assertThat(now().liveBlocks()).isEqualTo(1);
        assertThat(slice.getInt(0)).isEqualTo(77);
        slice.close();
        assertThat(now().liveBlocks()).isZero();
    }

    @Test
    void aReleaseTooManyFreesNothing() {
        ArrowBuf buffer = root.buffer(256);
        buffer.close();
        try (ArrowBuf _ = root.buffer(256)) { // perhaps at the same address
            assertThatThrownBy(buffer::close).isInstanceOf(IllegalStateException.class);
            assertThat(now().liveBlocks()).isEqualTo(1);
        }
    }

    @Test
    void anAllocatorThatIsClosedTakesNoBlock() {
        BufferAllocator child = root.newChildAllocator("child", 0, Long.MAX_VALUE);
        child.close();
        assertThatThrownBy(() -> BanosAllocation.of(heap).create(child, 100)).isInstanceOf(RuntimeException.class);
        assertThat(now().liveBlocks()).isZero();
    }

    /** As where Java's heap is full: an allocator that fails with an error takes no block either. */
    @Test
    void aChunkThatAnErrorKeepsFromArrowGoesBack() {
        BufferAllocator failing = (BufferAllocator) Proxy.newProxyInstance(ArrowMemoryTest.class.getClassLoader(),
                new Class<?>[] {BufferAllocator.class}, (_, _, _) -> {
                    throw new OutOfMemoryError("Java heap space");
                });
        assertThatThrownBy(() -> BanosAllocation.of(heap).create(failing, 100)).isInstanceOf(OutOfMemoryError.class);
        assertThat(now().liveBlocks()).isZero();
    }

    @Test
    void anEmptyBufferIsNoBlock() {
        assertThat(root.getEmpty().capacity()).isZero();
        try (ArrowBuf empty = root.buffer(0)) {
            assertThat(empty.capacity()).isZero();
            assertThat(now().liveBlocks()).isZero();
        }
    }

    @Test
    void batchesPassThroughAStream() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (IntVector numbers = new IntVector("numbers", root); VarCharVector words = new VarCharVector("words", root);
                VectorSchemaRoot batch = new VectorSchemaRoot(List.<FieldVector>of(numbers, words));
                ArrowStreamWriter writer = new ArrowStreamWriter(batch, null, out)) {
            writer.start();
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 1000; i++) {
                    numbers.setSafe(i, round * 1000 + i);
                    words.setSafe(i, word(i));
                }
                batch.setRowCount(1000);
                writer.writeBatch();
            }
            writer.end();
        }
        assertThat(now().liveBlocks()).isZero();
        int rows = 0;
        try (ArrowStreamReader reader = new ArrowStreamReader(new ByteArrayInputStream(out.toByteArray()), root)) {
            while (reader.loadNextBatch()) {
                IntVector numbers = (IntVector) reader.getVectorSchemaRoot().getVector("numbers");
                VarCharVector words = (VarCharVector) reader.getVectorSchemaRoot().getVector("words");
                assertThat(now().liveBlocks()).isPositive();
                for (int i = 0; i < 1000; i++, rows++) {
                    assertThat(numbers.get(i)).isEqualTo(rows);
                    assertThat(words.get(i)).isEqualTo(word(i));
                }
            }
        }
        assertThat(rows).isEqualTo(3000);
    }

    private static byte[] word(int i) {
        return ("word " + i * 7919).getBytes(StandardCharsets.UTF_8);
    }
}
