package dev.banos.adapter.lucene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.ChecksumIndexInput;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.MemorySegmentAccessInput;
import org.apache.lucene.store.RandomAccessInput;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where files are, by the counters of the heap, and what becomes of those who hold them. */
class HeapDirectoryTest {
    private static final int MEBIBYTE = 1 << 20;

    private final Heap heap = Heap.create(HeapOptions.shared().named("index").limit(64L << 20));
    private final HeapDirectory directory = new HeapDirectory(heap);

    @AfterEach
    void everythingIsGivenBack() {
        directory.close();
        assertThat(heap.statistics().liveBlocks()).isZero();
        heap.trim();
        assertThat(heap.budget().usedBytes()).isZero();
        heap.close();
    }

    private void write(String name, byte[] bytes) throws IOException {
        try (IndexOutput output = directory.createOutput(name, IOContext.DEFAULT)) {
            output.writeBytes(bytes, bytes.length);
        }
    }

    private IndexInput open(String name) throws IOException {
        return directory.openInput(name, IOContext.DEFAULT);
    }

    private long live() {
        return heap.statistics().liveBlocks();
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(random);
        return random;
    }

    @Test
    void whatIsWrittenAfterTheCloseOfAnOutputIsRefusedAndLeavesTheFileToItsReaders() throws IOException {
        byte[] bytes = random(MEBIBYTE);
        IndexOutput output = directory.createOutput("file", IOContext.DEFAULT);
        output.writeBytes(bytes, bytes.length);
        output.close();
        try (IndexInput input = open("file")) {
            assertThatThrownBy(() -> output.writeBytes(new byte[4 * MEBIBYTE], 4 * MEBIBYTE))
                    .isInstanceOf(AlreadyClosedException.class).hasMessageContaining("file");
            byte[] read = new byte[bytes.length]; // moved, its block would be gone: reading it would end the JVM
            input.readBytes(read, 0, read.length);
            assertThat(read).isEqualTo(bytes);
        }
        assertThat(directory.fileLength("file")).isEqualTo(bytes.length);
    }

    @Test
    void aFileIsOneBlockAsLongAsItself() throws IOException {
        byte[] bytes = random(5 * MEBIBYTE + 7);
        write("large", bytes);
        assertThat(live()).isEqualTo(1);
        assertThat(heap.statistics().mappedBytes()).as("grown in steps, cut at the end").isEqualTo(5 * MEBIBYTE + 4096);
        write("small", random(100));
        assertThat(heap.statistics().sizeClasses()).filteredOn(size -> size.live() > 0).singleElement()
                .satisfies(size -> assertThat(size.slotBytes()).isEqualTo(128));
        assertThat(directory.fileLength("large")).isEqualTo(bytes.length);
        try (IndexInput input = open("large")) {
            byte[] read = new byte[bytes.length];
            input.readBytes(read, 0, read.length);
            assertThat(read).isEqualTo(bytes);
        }
        directory.deleteFile("large");
        assertThat(live()).isEqualTo(1);
        directory.deleteFile("small");
        assertThat(live()).isZero();
    }

    @Test
    void anEmptyFileHasNoBlock() throws IOException {
        write("empty", new byte[0]);
        assertThat(live()).isZero();
        try (IndexInput input = open("empty")) {
            assertThat(input.length()).isZero();
            assertThatThrownBy(input::readByte).isInstanceOf(EOFException.class);
        }
        assertThat(directory.listAll()).containsExactly("empty");
    }

    /** As on a disk of Linux: whoever has it open goes on reading. */
    @Test
    void aDeletedFileLivesUntilItsLastInputIsClosed() throws IOException {
        write("file", random(1000));
        IndexInput first = open("file");
        IndexInput second = open("file");
        directory.deleteFile("file");
        assertThatThrownBy(() -> open("file")).isInstanceOf(NoSuchFileException.class);
        first.close();
        first.close();
        assertThat(live()).isEqualTo(1);
        assertThat(second.readByte()).isEqualTo(random(1000)[0]);
        IndexInput clone = second.clone();
        second.close();
        assertThat(live()).isZero();
        assertThatThrownBy(clone::readByte).isInstanceOf(AlreadyClosedException.class);
    }

    @Test
    void afterACloseNothingOfItReads() throws IOException {
        write("file", random(1000));
        IndexInput input = open("file");
        IndexInput clone = input.clone();
        IndexInput slice = input.slice("slice", 10, 100);
        RandomAccessInput random = input.randomAccessSlice(0, 1000);
        clone.close();
        assertThatThrownBy(clone::readLong).isInstanceOf(AlreadyClosedException.class);
        assertThat(slice.readByte()).as("the close of a clone is its own").isEqualTo(random(1000)[10]);
        input.close();
        assertThatThrownBy(input::readInt).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(() -> input.seek(0)).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(input::clone).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(slice::readShort).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(() -> slice.slice("slice", 0, 1)).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(() -> random.readLong(0)).isInstanceOf(AlreadyClosedException.class);
        try (IndexInput again = open("file")) {
            assertThat(again.readByte()).isEqualTo(random(1000)[0]);
        }
    }

    @Test
    void theCloseOfTheDirectoryTakesAllFromAll() throws IOException {
        write("file", random(100_000));
        IndexInput input = open("file");
        IndexInput deleted = open("file");
        directory.deleteFile("file");
        IndexOutput output = directory.createOutput("unfinished", IOContext.DEFAULT);
        output.writeBytes(random(100_000), 100_000);
        assertThat(live()).isEqualTo(2);
        directory.close();
        directory.close();
        assertThat(live()).isZero();
        assertThatThrownBy(input::readByte).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(() -> output.writeBytes(random(100_000), 100_000)).isInstanceOf(AlreadyClosedException.class);
        output.close();
        assertThatThrownBy(() -> open("file")).isInstanceOf(AlreadyClosedException.class);
        assertThatThrownBy(directory::listAll).isInstanceOf(AlreadyClosedException.class);
        input.close();
        deleted.close();
    }

    @Test
    void aDirectoryWithAHeapOfItsOwnClosesIt() throws IOException {
        HeapDirectory own = new HeapDirectory();
        own.createOutput("file", IOContext.DEFAULT).close();
        own.close();
        assertThatThrownBy(() -> own.heap().malloc(8)).isInstanceOf(IllegalStateException.class);
    }

    /** The JVM makes the end of a segment known to threads that are reading it: they fail, and the process lives. */
    @Test
    void readersThatTheCloseMeetsAreTold() throws Exception {
        write("file", random(MEBIBYTE));
        CountDownLatch reading = new CountDownLatch(3);
        ConcurrentLinkedQueue<Throwable> ends = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            IndexInput input = open("file");
            threads.add(Thread.ofPlatform().start(() -> {
                long sum = 0;
                try {
                    for (long at = 0;; at = (at + 4096) % MEBIBYTE) {
                        input.seek(at);
                        sum += input.readLong();
                        reading.countDown();
                    }
                } catch (AlreadyClosedException | IOException end) {
                    ends.add(new IllegalStateException("after " + sum, end));
                }
            }));
        }
        reading.await();
        directory.close();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(ends).hasSize(3).allSatisfy(end -> assertThat(end).hasCauseInstanceOf(AlreadyClosedException.class));
    }

    /** Bytes of a file that the kernel is reading, for as long as {@link #drain} has not been called. */
    private final class NativeRead implements AutoCloseable {
        private final Pipe pipe = Pipe.open();
        private final Thread writer;

        /** Returns when the kernel has the bytes. */
        NativeRead(IndexInput input) throws IOException {
            ByteBuffer bytes = ((MemorySegmentAccessInput) input).segmentSliceOrNull(0, input.length()).asByteBuffer();
            writer = Thread.ofPlatform().start(() -> {
                try {
                    pipe.sink().write(bytes); // more than a pipe holds
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(pipe.source().read(ByteBuffer.allocate(1))).isEqualTo(1);
        }

        void drain() throws IOException, InterruptedException {
            ByteBuffer rest = ByteBuffer.allocate(MEBIBYTE - 1);
            while (rest.hasRemaining()) {
                assertThat(pipe.source().read(rest)).isPositive();
            }
            writer.join();
        }

        @Override
        public void close() throws IOException {
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @Test
    void aFileThatNativeCodeIsReadingIsFreedAfterwards() throws Exception {
        write("file", random(MEBIBYTE));
        IndexInput input = open("file");
        try (NativeRead read = new NativeRead(input)) {
            directory.deleteFile("file");
            input.close();
            write("other", random(10));
            assertThat(live()).isEqualTo(2);
            read.drain();
            write("next", random(10));
            assertThat(live()).as("the next file to come finds that it is free").isEqualTo(2);
        }
    }

    @Test
    void theCloseNamesWhatNativeCodeIsReadingAndCanBeRepeated() throws Exception {
        HeapDirectory own = new HeapDirectory();
        for (String name : List.of("a", "b", "c")) {
            try (IndexOutput output = own.createOutput(name, IOContext.DEFAULT)) {
                output.writeBytes(random(MEBIBYTE), MEBIBYTE);
            }
        }
        IndexInput input = own.openInput("b", IOContext.DEFAULT);
        try (NativeRead read = new NativeRead(input)) {
            assertThatThrownBy(own::close).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("[b]").hasMessageContaining("close the directory again");
            assertThat(own.heap().statistics().liveBlocks()).as("all others are free").isEqualTo(1);
            read.drain();
            own.close();
            assertThatThrownBy(() -> own.heap().malloc(8)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void theLimitIsAFullDisk() throws IOException {
        write("kept", random(30 * MEBIBYTE));
        byte[] piece = random(MEBIBYTE);
        IndexOutput output = directory.createOutput("tooLarge", IOContext.DEFAULT);
        assertThatThrownBy(() -> {
            for (int i = 0; i < 64; i++) {
                output.writeBytes(piece, piece.length);
            }
        }).isInstanceOf(IOException.class).hasMessageContaining("tooLarge").hasMessageContaining("heap index");
        output.close();
        directory.deleteFile("tooLarge");
        assertThat(live()).isEqualTo(1);
        try (IndexInput input = open("kept")) {
            assertThat(input.length()).isEqualTo(30 * MEBIBYTE);
        }
    }

    /** A file asks for more than it needs, so as to grow seldom: but for no more than there is. */
    @Test
    void aFileMayHaveAllOfTheHeap() throws IOException {
        byte[] piece = random(8000);
        try (IndexOutput output = directory.createOutput("file", IOContext.DEFAULT)) {
            while (true) {
                output.writeBytes(piece, piece.length);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("file file: ").hasMessageContaining("heap index");
        }
        try (IndexInput input = open("file")) {
            assertThat(input.length()).as("but for one write of the output's buffer").isBetween(64L * MEBIBYTE - 3 * 4096, 64L * MEBIBYTE);
            byte[] read = new byte[piece.length];
            for (long at = 0; at <= input.length() - read.length; at += read.length) {
                input.readBytes(read, 0, read.length);
                assertThat(read).isEqualTo(piece);
            }
        }
    }

    /** A hardened heap moves a block to make it smaller, and here has no room for the second. */
    @Test
    void aFileThatFitsIsCompleteAlsoWhereItCannotBeCut() throws IOException {
        byte[] bytes = random(15_000_000);
        try (Heap small = Heap.create(HeapOptions.shared().limit(28_000_000).hardened(Hardening.NONE.withCanary()));
                HeapDirectory files = new HeapDirectory(small)) {
            try (IndexOutput output = files.createOutput("a", IOContext.DEFAULT)) {
                for (int i = 0; i < bytes.length; i += 1000) { // so that the block grows by steps beyond the file
                    output.writeBytes(bytes, i, 1000);
                }
            }
            assertThat(small.budget().refusals()).as("the cut met the limit").isPositive();
            byte[] read = new byte[bytes.length];
            try (IndexInput input = files.openInput("a", IOContext.DEFAULT)) {
                assertThat(input.length()).isEqualTo(bytes.length);
                input.readBytes(read, 0, read.length);
            }
            assertThat(read).isEqualTo(bytes);
        }
    }

    @Test
    void namesAreThoseOfADirectory() throws IOException {
        write("a", random(10));
        assertThatThrownBy(() -> directory.createOutput("a", IOContext.DEFAULT)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> directory.deleteFile("b")).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> directory.fileLength("b")).isInstanceOf(NoSuchFileException.class);
        directory.rename("a", "c");
        assertThat(directory.listAll()).containsExactly("c");
        try (IndexOutput output = directory.createOutput("d", IOContext.DEFAULT)) {
            assertThatThrownBy(() -> open("d")).isInstanceOf(AccessDeniedException.class);
            assertThatThrownBy(() -> directory.rename("c", "d")).isInstanceOf(FileAlreadyExistsException.class);
            directory.deleteFile("d");
            output.writeInt(1);
        }
        assertThat(live()).as("deleted while it was written").isEqualTo(1);
    }

    /** One of the two is told that the file is gone, and the directory keeps nothing of it. */
    @Test
    void twoThatDeleteTheSameFilesLeaveNothingOfThem() throws Exception {
        for (int round = 0; round < 30; round++) {
            List<String> names = files("file", 100);
            assertThat(atOnce(names, directory::deleteFile, directory::deleteFile)).hasValue(100);
        }
        assertThat(directory.deletedFiles()).isZero();
    }

    /** Whichever is first: what the directory lists is there, and what is not there is listed nowhere. */
    @Test
    void renamesBesideDeletesLeaveNoNameOfAFileThatIsGone() throws Exception {
        for (int round = 0; round < 30; round++) {
            List<String> names = files("source", 100);
            assertThat(atOnce(names, directory::deleteFile, name -> directory.rename(name, "new" + name))).hasValue(100);
            for (String name : directory.listAll()) {
                assertThat(name).startsWith("newsource");
                open(name).close();
                directory.deleteFile(name);
            }
            assertThat(live()).isZero();
        }
        assertThat(directory.deletedFiles()).isZero();
    }

    private List<String> files(String prefix, int count) throws IOException {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(prefix + i);
            write(prefix + i, random(10));
        }
        return names;
    }

    private interface Change {
        void to(String name) throws IOException;
    }

    /**
     * Two threads, each with one change to all files, in step.
     *
     * @return how often one of them found no such file
     */
    private static AtomicInteger atOnce(List<String> names, Change one, Change other) throws InterruptedException {
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger arrived = new AtomicInteger();
        Thread thread = Thread.ofPlatform().start(() -> change(names, other, arrived, refused));
        change(names, one, arrived, refused);
        thread.join();
        return refused;
    }

    private static void change(List<String> names, Change change, AtomicInteger arrived, AtomicInteger refused) {
        for (int i = 0; i < names.size(); i++) {
            arrived.incrementAndGet();
            while (arrived.get() < 2 * (i + 1)) {
                Thread.yield();
            }
            try {
                change.to(names.get(i));
            } catch (NoSuchFileException gone) {
                refused.incrementAndGet();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @Test
    void checksumsAreThoseOfTheBytes() throws IOException {
        byte[] bytes = random(300_001);
        CRC32 expected = new CRC32();
        expected.update(bytes);
        try (IndexOutput output = directory.createOutput("file", IOContext.DEFAULT)) {
            output.writeBytes(bytes, 0, 100_000);
            output.writeBytes(bytes, 100_000, 200_001);
            assertThat(output.getChecksum()).isEqualTo(expected.getValue());
        }
        try (ChecksumIndexInput input = directory.openChecksumInput("file")) {
            input.skipBytes(bytes.length);
            assertThat(input.getChecksum()).isEqualTo(expected.getValue());
        }
    }

    @Test
    void bytesAreThereAsASegment() throws IOException {
        write("file", random(200_000));
        try (IndexInput input = open("file")) {
            MemorySegmentAccessInput access = (MemorySegmentAccessInput) input.slice("slice", 1000, 500);
            assertThat(access.segmentSliceOrNull(0, 500).address() % 8).as("as the file is aligned").isZero();
            assertThat(access.segmentSliceOrNull(100, 1).toArray(ValueLayout.JAVA_BYTE)[0])
                    .isEqualTo(random(200_000)[1100]);
            assertThatThrownBy(() -> access.segmentSliceOrNull(1, 500)).isInstanceOf(EOFException.class);
        }
    }

    /** Each thread with its clone, while files come and go. */
    @Test
    void manyReadAtOnce() throws Exception {
        byte[] bytes = random(500_000);
        write("shared", bytes);
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (IndexInput input = open("shared")) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                IndexInput clone = input.clone();
                int seed = i;
                threads.add(Thread.ofPlatform().uncaughtExceptionHandler((_, failure) -> failures.add(failure))
                        .start(() -> readAndWrite(clone, bytes, seed)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
        assertThat(live()).isEqualTo(1);
    }

    private void readAndWrite(IndexInput clone, byte[] bytes, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        try {
            for (int round = 0; round < 500; round++) {
                int at = random.nextInt(bytes.length);
                clone.seek(at);
                assertThat(clone.readByte()).isEqualTo(bytes[at]);
                String name = "file" + seed + "_" + round;
                write(name, bytes);
                try (IndexInput own = open(name)) {
                    own.seek(at);
                    directory.deleteFile(name);
                    assertThat(own.readByte()).isEqualTo(bytes[at]);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
