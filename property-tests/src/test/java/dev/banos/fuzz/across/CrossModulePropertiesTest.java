package dev.banos.fuzz.across;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.banos.libc.hash.Insertion;
import dev.banos.libc.hash.LongHashMap;
import dev.banos.libc.sort.Introsort;
import dev.banos.libc.sort.Key;
import dev.banos.libc.sort.RadixSort;
import dev.banos.libc.zip.Crc32;
import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import dev.banos.loader.OfflineLinker;
import dev.banos.mem.fault.SystemCallFaults;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What holds only if several modules keep their promises to each other. */
class CrossModulePropertiesTest {
    private static final int ENOMEM = 12;
    private static final Path OBJECT = Path.of("..", "samples", "drivers", "x86-64", "stats.o");

    private static byte[] compressible(long seed, int length) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = i > 40 && random.nextInt(6) > 0 ? bytes[i - 1 - random.nextInt(40)] : (byte) random.nextInt(1 + random.nextInt(256));
        }
        return bytes;
    }

    private static byte[] deflated(byte[] bytes, int level) {
        try (Deflater deflater = new Deflater(level, true)) {
            deflater.setInput(bytes);
            deflater.finish();
            byte[] stream = new byte[bytes.length + bytes.length / 8 + 64];
            return Arrays.copyOf(stream, deflater.deflate(stream));
        }
    }

    @Property(tries = 150)
    void inflatingFromMallocToMallocTouchesNothingElse(@ForAll long seed, @ForAll @IntRange(min = 1, max = 200_000) int length,
            @ForAll @IntRange(max = 9) int level) throws InflateException {
        byte[] bytes = compressible(seed, length);
        try (Fenced in = Fenced.of(deflated(bytes, level)); Fenced out = new Fenced(length);
                Inflater inflater = Inflater.of(Inflater.Format.RAW)) {
            assertThat(inflater.inflate(in.segment(), out.segment())).isEqualTo(Inflater.Status.DONE);
            assertThat(out.bytes()).isEqualTo(bytes);
        }
    }

    @Property(tries = 300)
    void aDamagedStreamWritesOnlyIntoItsOutput(@ForAll long seed, @ForAll @IntRange(min = 1, max = 5_000) int length,
            @ForAll @IntRange(min = 1, max = 3_000) int room) {
        byte[] stream = deflated(compressible(seed, length), 6);
        Random random = new Random(seed);
        for (int change = 0; change < 3; change++) {
            stream[random.nextInt(stream.length)] = (byte) random.nextInt();
        }
        try (Fenced in = Fenced.of(stream); Fenced out = new Fenced(room); Inflater inflater = Inflater.of(Inflater.Format.RAW)) {
            inflater.inflate(in.segment(), out.segment());
            assertThat(inflater.produced()).isBetween(0L, (long) room);
        } catch (InflateException refused) {
            assertThat(refused.inputOffset()).isBetween(0L, (long) stream.length);
        }
    }

    @Property(tries = 200)
    void sortingABlockOfMallocSortsItAndNothingElse(@ForAll long seed, @ForAll @IntRange(min = 1, max = 20_000) int count,
            @ForAll boolean radix) {
        long[] numbers = new Random(seed).longs(count, -count, count).toArray();
        try (Fenced block = new Fenced(count * 8L)) {
            MemorySegment segment = block.segment();
            for (int i = 0; i < count; i++) {
                segment.setAtIndex(JAVA_LONG_UNALIGNED, i, numbers[i]);
            }
            if (radix) {
                RadixSort.sort(Key.I64, segment);
            } else {
                Introsort.sort(Key.I64, segment);
            }
            Arrays.sort(numbers);
            assertThat(segment.toArray(JAVA_LONG_UNALIGNED)).isEqualTo(numbers);
        }
    }

    /** A table that cannot grow says so and stays as it was; the model is told of the insertions that were served. */
    @Property(tries = 60)
    void aHashMapWhoseHeapIsRefusedMemoryLosesNothing(@ForAll long seed, @ForAll @IntRange(min = 1, max = 4) int period) {
        Map<Long, Long> model = new HashMap<>();
        AtomicInteger refused = new AtomicInteger();
        try (LongHashMap map = new LongHashMap()) {
            SystemCallFaults.during((call, ordinal) -> ordinal % period == 0 ? ENOMEM : 0, () -> refused.set(act(map, model, new Random(seed))));
            assertThat(refused.get() > 0 || period > 1).as("no call to the kernel succeeds, and nothing was refused").isTrue();
            assertThat(map.size()).isEqualTo(model.size());
            model.forEach((key, value) -> assertThat(map.get(key, -1)).isEqualTo(value));
        }
    }

    /** How many insertions were refused. */
    private static int act(LongHashMap map, Map<Long, Long> model, Random random) {
        int refused = 0;
        for (int i = 0; i < 30_000; i++) {
            long key = random.nextInt(20_000);
            if (random.nextInt(4) == 0) {
                assertThat(map.remove(key)).isEqualTo(model.remove(key) != null);
                continue;
            }
            Insertion insertion = map.insert(key, i);
            refused += insertion == Insertion.OUT_OF_MEMORY ? 1 : 0;
            switch (insertion) {
                case INSERTED -> assertThat(model.put(key, (long) i)).isNull();
                case PRESENT -> assertThat(model).containsKey(key);
                case OUT_OF_MEMORY -> assertThat(model).doesNotContainKey(key);
                default -> fail("insertion=" + insertion);
            }
        }
        return refused;
    }

    /** The bytes that the linker made, summed up whole and in two parts. */
    @Property(tries = 60)
    void theChecksumOfALinkedImageIsThatOfItsParts(@ForAll @LongRange(min = 0, max = 1 << 20) long page,
            @ForAll @IntRange(min = 0, max = 1 << 16) int cut) throws IOException {
        byte[] image = OfflineLinker.at(0x1000_0000L + page * 4096).phonyImports().link(Files.readAllBytes(OBJECT), "stats.o").bytes();
        int at = cut % image.length;
        CRC32 jdk = new CRC32();
        jdk.update(image);
        try (Fenced block = Fenced.of(image)) {
            assertThat(Crc32.update(Crc32.INITIAL, block.segment())).isEqualTo((int) jdk.getValue());
            int first = Crc32.update(Crc32.INITIAL, block.segment().asSlice(0, at));
            int second = Crc32.update(Crc32.INITIAL, block.segment().asSlice(at));
            assertThat(Crc32.combine(first, second, image.length - at)).isEqualTo((int) jdk.getValue());
        }
    }

}
