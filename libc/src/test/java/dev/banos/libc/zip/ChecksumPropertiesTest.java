package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.zip.Checksum;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** The laws of a checksum that can be continued, with {@code java.util.zip} as the oracle. */
class ChecksumPropertiesTest {
    private interface Update {
        int apply(int state, MemorySegment data);
    }

    private interface Combine {
        int apply(int first, int second, long secondBytes);
    }

    private enum Sum {
        CRC32(Crc32.INITIAL, Crc32::update, Crc32::updateInJava, Crc32::combine, java.util.zip.CRC32::new),
        CRC32C(Crc32C.INITIAL, Crc32C::update, Crc32C::updateInJava, Crc32C::combine, java.util.zip.CRC32C::new),
        ADLER32(Adler32.INITIAL, Adler32::update, Adler32::updateByLoop, Adler32::combine, java.util.zip.Adler32::new);

        final int initial;
        final Update update;
        final Update inJava;
        final Combine combine;
        final Supplier<Checksum> oracle;

        Sum(int initial, Update update, Update inJava, Combine combine, Supplier<Checksum> oracle) {
            this.initial = initial;
            this.update = update;
            this.inJava = inJava;
            this.combine = combine;
            this.oracle = oracle;
        }

        int expected(byte[] data, int from, int to) {
            Checksum checksum = oracle.get();
            checksum.update(data, from, to - from);
            return (int) checksum.getValue();
        }
    }

    /** What a segment can be made of; each takes another way through the code. */
    private enum Home {
        NATIVE, HEAP, READ_ONLY_HEAP, LONGS;

        MemorySegment copy(byte[] data, Arena scope) {
            MemorySegment bytes = MemorySegment.ofArray(data);
            return switch (this) {
                case NATIVE -> scope.allocate(Math.max(1, data.length)).asSlice(0, data.length).copyFrom(bytes);
                case HEAP -> MemorySegment.ofArray(data.clone());
                case READ_ONLY_HEAP -> bytes.asReadOnly();
                case LONGS -> MemorySegment.ofArray(new long[data.length / 8 + 1]).asSlice(0, data.length).copyFrom(bytes);
            };
        }
    }

    @Property(tries = 3000)
    void anyRunOfUpdatesGivesTheSumOfTheWhole(@ForAll Sum sum, @ForAll Home home, @ForAll @IntRange(max = 6000) int bytes,
            @ForAll @IntRange(max = 9) int offset, @ForAll @Size(max = 4) int[] cuts, @ForAll long seed) {
        byte[] data = Bytes.random(bytes + offset, seed);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment segment = home.copy(data, scope).asSlice(offset);
            int state = sum.initial;
            int inJava = sum.initial;
            int at = 0;
            for (int cut : cuts) {
                int stop = at + Math.floorMod(cut, bytes - at + 1);
                state = sum.update.apply(state, segment.asSlice(at, stop - at));
                inJava = sum.inJava.apply(inJava, segment.asSlice(at, stop - at));
                at = stop;
            }
            int expected = sum.expected(data, offset, data.length);
            assertThat(sum.update.apply(state, segment.asSlice(at))).isEqualTo(expected);
            assertThat(sum.inJava.apply(inJava, segment.asSlice(at))).isEqualTo(expected);
        }
    }

    /** Streams of one thread in any order, begun anew at any time; some pieces fail, and leave each stream where it was. */
    @Property(tries = 500)
    void interleavedStreamsStayApart(@ForAll Sum sum, @ForAll @IntRange(min = 1, max = 5) int streams, @ForAll long seed) {
        Random random = new Random(seed);
        MemorySegment closed = closedSegment();
        int[] states = new int[streams];
        Arrays.fill(states, sum.initial);
        Checksum[] oracles = Stream.generate(sum.oracle).limit(streams).toArray(Checksum[]::new);
        for (int step = 0; step < 100; step++) {
            int i = random.nextInt(streams);
            switch (random.nextInt(12)) {
                case 0 -> {
                    states[i] = sum.initial;
                    oracles[i].reset();
                }
                case 1 -> assertThatThrownBy(() -> sum.update.apply(states[i], closed)).isInstanceOf(IllegalStateException.class);
                default -> {
                    byte[] piece = Bytes.random(random.nextInt(random.nextInt(3) == 0 ? 40_000 : 200), random.nextLong());
                    states[i] = sum.update.apply(states[i], Home.HEAP.copy(piece, Arena.global()));
                    oracles[i].update(piece, 0, piece.length);
                }
            }
            assertThat(states[i]).isEqualTo((int) oracles[i].getValue());
        }
    }

    private static MemorySegment closedSegment() {
        try (Arena scope = Arena.ofConfined()) {
            return scope.allocate(100);
        }
    }

    /** No stream of ours produced these states, so the two ways must agree on what they mean. */
    @Property
    void anyStateAtAllCanBeContinued(@ForAll Sum sum, @ForAll int state, @ForAll @IntRange(max = 3000) int bytes, @ForAll long seed) {
        Assume.that(sum != Sum.ADLER32 || bytes > 0); // an impossible Adler state is brought below the modulus by the first byte
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment segment = Home.NATIVE.copy(Bytes.random(bytes, seed), scope);
            assertThat(sum.update.apply(state, segment)).isEqualTo(sum.inJava.apply(state, segment));
        }
    }

    @Property
    void combineIsTheSumOfBothPieces(@ForAll Sum sum, @ForAll @IntRange(max = 5000) int bytes, @ForAll @IntRange(max = 5000) int cut,
            @ForAll long seed) {
        byte[] data = Bytes.random(bytes, seed);
        int middle = Math.min(cut, bytes);
        assertThat(sum.combine.apply(sum.expected(data, 0, middle), sum.expected(data, middle, bytes), bytes - middle))
                .isEqualTo(sum.expected(data, 0, bytes));
    }

    /** Lengths up to 2^63 - 1 have no oracle, but combining must be associative. */
    @Property
    void combineIsAssociativeAtAnyLength(@ForAll Sum sum, @ForAll long seed, @ForAll @LongRange(min = 0) long second,
            @ForAll @LongRange(min = 0) long third) {
        Assume.that(second + third >= 0);
        int a = sum.expected(Bytes.random(11, seed), 0, 11);
        int b = sum.expected(Bytes.random(12, seed + 1), 0, 12);
        int c = sum.expected(Bytes.random(13, seed + 2), 0, 13);
        assertThat(sum.combine.apply(sum.combine.apply(a, b, second), c, third))
                .isEqualTo(sum.combine.apply(a, sum.combine.apply(b, c, third), second + third));
    }

    @Property(tries = 20)
    void negativeLengthsAreRefused(@ForAll Sum sum, @ForAll @LongRange(min = Long.MIN_VALUE, max = -1) long length) {
        assertThatThrownBy(() -> sum.combine.apply(1, 1, length))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("secondBytes=" + length);
    }

    @Property(tries = 20)
    void aClosedScopeIsRefused(@ForAll Sum sum, @ForAll @IntRange(min = 1, max = 100) int bytes) {
        Arena scope = Arena.ofConfined();
        MemorySegment segment = scope.allocate(bytes);
        scope.close();
        assertThatThrownBy(() -> sum.update.apply(sum.initial, segment)).isInstanceOf(IllegalStateException.class);
    }

    @Property(tries = 20)
    void anotherThreadsSegmentIsRefused(@ForAll Sum sum, @ForAll @IntRange(min = 1, max = 5000) int bytes) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment segment = scope.allocate(bytes);
            assertThatThrownBy(() -> CompletableFuture.runAsync(() -> sum.update.apply(sum.initial, segment)).join())
                    .hasCauseInstanceOf(WrongThreadException.class);
        }
    }
}
