package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import dev.banos.libc.zip.Inflater.Format;
import dev.banos.libc.zip.Inflater.Status;
import dev.banos.libc.zip.Inflater.TrailingData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller of {@link Inflater} may rely on beyond the bytes: counts, policies, limits, arguments, memory. */
class InflaterTest {
    private static final byte[] TEXT = "A short text, a short text, and the end of a short text.".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRAILING = {7, 7, 7};
    private static final String OPEN = "";

    private static final MemorySegment ROOM = Arena.global().allocate(1 << 20);

    private final Arena scope = Arena.ofAuto();

    private MemorySegment segment(byte[]... parts) {
        int bytes = Arrays.stream(parts).mapToInt(part -> part.length).sum();
        MemorySegment segment = scope.allocate(Math.max(1, bytes)).asSlice(0, bytes);
        long at = 0;
        for (byte[] part : parts) {
            MemorySegment.copy(part, 0, segment, ValueLayout.JAVA_BYTE, at, part.length);
            at += part.length;
        }
        return segment;
    }

    private static byte[] zlib(byte[] data) {
        return Deflated.stream(data, 6, 0, false);
    }

    private static byte[] gzip(byte[] data) {
        return GzipMember.of(data).toBytes();
    }

    private static String reason(InflaterOptions options, byte[]... parts) {
        MemorySegment in = new InflaterTest().segment(parts);
        MemorySegment out = ROOM;
        try (Inflater inflater = new Inflater(options)) {
            return inflater.inflate(in, out) == Status.DONE ? OPEN : "status";
        } catch (InflateException wrong) {
            return wrong.reason();
        }
    }

    @ParameterizedTest
    @EnumSource(TrailingData.class)
    void trailingDataMeetsItsPolicy(TrailingData policy) throws InflateException {
        byte[] stream = zlib(TEXT);
        MemorySegment out = scope.allocate(100);
        InflaterOptions options = InflaterOptions.of(Format.ZLIB).withTrailingData(policy);
        try (Inflater inflater = new Inflater(options)) {
            switch (policy) {
                case LEAVE -> {
                    assertThat(inflater.inflate(segment(stream, TRAILING), out)).isEqualTo(Status.DONE);
                    assertThat(inflater.consumed()).isEqualTo(stream.length);
                    assertThat(inflater.inflate(segment(TRAILING), out)).isEqualTo(Status.DONE);
                    assertThat(inflater.consumed()).isZero();
                }
                case IGNORE -> {
                    assertThat(inflater.inflate(segment(stream, TRAILING), out)).isEqualTo(Status.DONE);
                    assertThat(inflater.consumed()).isEqualTo(stream.length + TRAILING.length);
                }
                case REFUSE -> {
                    assertThat(reason(options, stream, TRAILING)).isEqualTo("trailing data");
                    assertThat(inflater.inflate(segment(stream), out)).isEqualTo(Status.DONE);
                    assertThatThrownBy(() -> inflater.inflate(segment(TRAILING), out)).hasMessageContaining("trailing data");
                }
            }
        }
    }

    @Test
    void theGzipHeaderIsSurfaced() throws InflateException {
        GzipMember member = GzipMember.of(TEXT);
        member.flags = GzipMember.TEXT | GzipMember.HEADER_CHECK | GzipMember.EXTRA | GzipMember.NAME | GzipMember.COMMENT;
        member.extra = new byte[] {1, 2, 3};
        member.name = "nam\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        member.comment = "c".repeat(2_000).getBytes(StandardCharsets.ISO_8859_1);
        try (Inflater inflater = Inflater.of(Format.AUTO)) {
            assertThat(inflater.gzipHeader()).isNull();
            assertThat(inflater.inflate(segment(member.toBytes()), scope.allocate(100))).isEqualTo(Status.DONE);

            GzipHeader header = inflater.gzipHeader();
            assertThat(header.text()).isTrue();
            assertThat(header.modificationTime()).isEqualTo(0xF1020304L);
            assertThat(header.extraFlags()).isEqualTo(2);
            assertThat(header.operatingSystem()).isEqualTo(3);
            assertThat(header.extra()).containsExactly(1, 2, 3);
            assertThat(header.name()).isEqualTo("nam\u00e9");
            assertThat(header.comment()).isEqualTo("c".repeat(Inflater.HEADER_TEXT_BYTES));
            assertThat(header.checked()).isTrue();
        }
    }

    /** Nothing of the header before is left in it: neither of the member before, nor of the stream before a reset. */
    @Test
    void aLaterGzipHeaderIsThatOfItsMember() throws InflateException {
        byte[] first = memberWithHeader("first extra", "first name", "a comment").toBytes();
        byte[] second = memberWithHeader("2nd", "2", "").toBytes();
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        MemorySegment out = scope.allocate(1_000);
        try (Inflater several = new Inflater(InflaterOptions.of(Format.GZIP).withMultiMember(true));
                Inflater single = Inflater.of(Format.GZIP)) {
            assertThat(several.inflate(segment(both), out)).isEqualTo(Status.DONE);
            requireHeaderOfSecond(several.gzipHeader());

            assertThat(single.inflate(segment(first), out)).isEqualTo(Status.DONE);
            single.reset();
            assertThat(single.gzipHeader()).isNull();
            assertThat(single.inflate(segment(second), out)).isEqualTo(Status.DONE);
            requireHeaderOfSecond(single.gzipHeader());
        }
    }

    private static GzipMember memberWithHeader(String extra, String name, String comment) {
        GzipMember member = GzipMember.of(TEXT);
        member.flags = GzipMember.HEADER_CHECK | GzipMember.EXTRA | GzipMember.NAME | GzipMember.COMMENT;
        member.extra = extra.getBytes(StandardCharsets.ISO_8859_1);
        member.name = name.getBytes(StandardCharsets.ISO_8859_1);
        member.comment = comment.getBytes(StandardCharsets.ISO_8859_1);
        return member;
    }

    private static void requireHeaderOfSecond(GzipHeader header) {
        assertThat(header.extra()).isEqualTo("2nd".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(header.name()).isEqualTo("2");
        assertThat(header.comment()).isEmpty();
        assertThat(header.checked()).isTrue();
        assertThat(header.bytes()).isEqualTo(10 + (2 + 3) + (1 + 1) + 1 + 2);
    }

    @Test
    void aGzipMemberThatLiesIsRefusedWithZlibsWords() {
        InflaterOptions options = InflaterOptions.of(Format.GZIP);
        GzipMember member = GzipMember.of(TEXT);
        assertThat(reason(options, member.toBytes())).isEqualTo(OPEN);
        member.dataCheckError = 1;
        assertThat(reason(options, member.toBytes())).isEqualTo("incorrect data check");
        member.dataCheckError = 0;
        member.lengthError = 1;
        assertThat(reason(options, member.toBytes())).isEqualTo("incorrect length check");
        member.flags = GzipMember.HEADER_CHECK;
        member.headerCheckError = 1;
        assertThat(reason(options, member.toBytes())).isEqualTo("header crc mismatch");
        member.flags = 0x20;
        assertThat(reason(options, member.toBytes())).isEqualTo("unknown header flags set");
        member.method = 7;
        assertThat(reason(options, member.toBytes())).isEqualTo("unknown compression method");
        assertThat(reason(options, zlib(TEXT))).isEqualTo("incorrect header check");
        assertThat(reason(InflaterOptions.of(Format.ZLIB), gzip(TEXT))).isEqualTo("incorrect header check");
    }

    @Test
    void aZlibHeaderMeetsZlibsVerdict() {
        for (int header = 0; header < 1 << 16; header += 7) {
            byte[] stream = {(byte) header, (byte) (header >>> 8), 3, 0, 0, 0, 0, 1};
            Verdict expected = Verdict.ofZlib(stream, false);
            boolean zlibGoesOn = expected.end().equals(Verdict.DONE) || expected.end().equals(Verdict.DICTIONARY);
            String reason = reason(InflaterOptions.of(Format.ZLIB), stream);
            assertThat(reason).isEqualTo(!zlibGoesOn ? expected.end() : expected.end().equals(Verdict.DONE) ? OPEN : "status");
        }
    }

    @Test
    void aSmallerWindowMayBeAskedFor() throws InflateException {
        byte[] stream = zlib(TEXT);
        assertThat(reason(InflaterOptions.of(Format.ZLIB).withWindowBits(14), stream)).isEqualTo("invalid window size");
        try (Inflater inflater = Inflater.of(Format.ZLIB)) {
            inflater.inflate(segment(stream), scope.allocate(100));
            assertThat(inflater.windowBits()).isEqualTo(15);
        }
    }

    @Test
    void membersFollowOneAnother() throws InflateException {
        byte[] first = gzip(TEXT);
        byte[] second = gzip(new byte[100_000]);
        InflaterOptions options = InflaterOptions.of(Format.AUTO).withMultiMember(true);
        MemorySegment out = scope.allocate(200_000);
        try (Inflater inflater = new Inflater(options)) {
            assertThat(inflater.inflate(segment(first, second, TRAILING), out)).isEqualTo(Status.DONE);
            assertThat(inflater.consumed()).isEqualTo(first.length + second.length);
            assertThat(inflater.produced()).isEqualTo(TEXT.length + 100_000);

            inflater.reset();
            assertThat(inflater.inflate(segment(first), out)).isEqualTo(Status.DONE);
            assertThat(inflater.inflate(segment(Arrays.copyOf(second, 1)), out)).isEqualTo(Status.NEED_INPUT);
            assertThat(inflater.inflate(segment(Arrays.copyOfRange(second, 1, second.length)), out)).isEqualTo(Status.DONE);
            assertThat(inflater.totalOut()).isEqualTo(TEXT.length + 100_000);
        }
        assertThat(reason(options.withTrailingData(TrailingData.REFUSE), first, second, TRAILING)).isEqualTo("trailing data");
        assertThat(reason(options.withTrailingData(TrailingData.REFUSE), first, second)).isEqualTo(OPEN);
    }

    /** The loop of the README: wherever the pieces end, also with a member. */
    @Test
    void membersInPiecesAreReadToTheLast() throws InflateException {
        byte[] stream = segment(gzip(TEXT), gzip(new byte[1_000]), gzip(TEXT)).toArray(ValueLayout.JAVA_BYTE);
        int member = gzip(TEXT).length;
        for (int piece : new int[] {1, member - 1, member, member + 1, stream.length}) {
            try (Inflater inflater = new Inflater(InflaterOptions.of(Format.GZIP).withMultiMember(true))) {
                MemorySegment out = scope.allocate(100);
                Status status = Status.NEED_INPUT;
                for (int at = 0; at < stream.length; at += piece) {
                    MemorySegment in = segment(Arrays.copyOfRange(stream, at, Math.min(stream.length, at + piece)));
                    do {
                        status = inflater.inflate(in, out);
                        in = in.asSlice(inflater.consumed());
                    } while (status == Status.NEED_OUTPUT);
                }
                assertThat(status).isEqualTo(Status.DONE);
                assertThat(inflater.totalOut()).as("in pieces of %d", piece).isEqualTo(2 * TEXT.length + 1_000);
            }
        }
    }

    @Test
    void aMatchDoesNotReachIntoTheMemberBefore() {
        byte[] second = gzip(TEXT);
        byte[] deflated = new BitWriter().header(true, 1).fixedLiteral(257).fixedDistance(0).fixedLiteral(256).toBytes();
        System.arraycopy(deflated, 0, second, 10, deflated.length);
        InflaterOptions options = InflaterOptions.of(Format.GZIP).withMultiMember(true);
        assertThat(reason(options, gzip(TEXT), second)).isEqualTo("invalid distance too far back");
    }

    @ParameterizedTest
    @EnumSource(value = Format.class, names = {"RAW", "ZLIB"})
    void aDictionaryIsReachedBackTo(Format format) throws InflateException {
        byte[] dictionary = Deflated.Shape.SKEWED.bytes(40_000, 1);
        byte[] data = Arrays.copyOfRange(dictionary, 8_000, 40_000);
        byte[] stream = Deflated.stream(data, 9, 0, format == Format.RAW, dictionary);
        MemorySegment in = segment(stream);
        MemorySegment out = scope.allocate(data.length);
        try (Inflater inflater = Inflater.of(format)) {
            if (format == Format.ZLIB) {
                assertThatThrownBy(() -> inflater.setDictionary(segment(dictionary))).isInstanceOf(IllegalStateException.class);
                assertThat(inflater.inflate(in, out)).isEqualTo(Status.NEED_DICTIONARY);
                assertThat(inflater.dictionaryId()).isEqualTo(Adler32.update(Adler32.INITIAL, segment(dictionary)));
                assertThatThrownBy(() -> inflater.setDictionary(segment(TEXT))).isInstanceOf(IllegalArgumentException.class);
                in = in.asSlice(inflater.consumed());
            }
            inflater.setDictionary(MemorySegment.ofArray(dictionary));
            assertThat(inflater.inflate(in, out)).isEqualTo(Status.DONE);
            assertThat(out.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
        }
    }

    @Test
    void theOutputLimitCutsExactly() throws InflateException {
        byte[] stream = zlib(new byte[100_000]);
        InflaterOptions options = InflaterOptions.of(Format.ZLIB);
        assertThat(reason(options.withOutputLimit(100_000), stream)).isEqualTo(OPEN);
        try (Inflater inflater = new Inflater(options.withOutputLimit(99_999))) {
            MemorySegment out = scope.allocate(200_000);
            assertThatThrownBy(() -> inflater.inflate(segment(stream), out)).hasMessageContaining("output limit exceeded");
            assertThat(inflater.produced()).isEqualTo(99_999);
        }
    }

    /** However much room the caller has: so much, and a match, is decoded beyond the limit, and of the input no more is taken. */
    @ParameterizedTest
    @ValueSource(ints = {301, 5_000, 16_000, 20_000, 60_000})
    void littleIsDecodedBeyondTheOutputLimit(int room) {
        byte[] stored = Deflated.stream(Bytes.random(60_000, 1), 0, 0, true);
        try (Inflater inflater = new Inflater(InflaterOptions.of(Format.RAW).withOutputLimit(300))) {
            assertThatThrownBy(() -> inflater.inflate(segment(stored), scope.allocate(room))).hasMessageContaining("output limit exceeded");
            assertThat(inflater.consumed()).isBetween(300L, 300L + Inflater.LOOKAHEAD + 258);
        }
    }

    /** What is decoded already waits while a piece is full, and no more of it is given out than the limit allows. */
    @Test
    void theOutputLimitCutsExactlyInPieces() throws InflateException {
        byte[] stream = zlib(TEXT);
        MemorySegment in = segment(stream);
        for (int limit = 0; limit < Math.min(TEXT.length, 200); limit++) {
            try (Inflater inflater = new Inflater(InflaterOptions.of(Format.ZLIB).withOutputLimit(limit))) {
                MemorySegment out = scope.allocate(limit + 64);
                long at = 0;
                InflateException thrown = null;
                while (thrown == null) {
                    try {
                        Status status = inflater.inflate(in, at, in.byteSize() - at, out, inflater.totalOut(), 16);
                        assertThat(status).isEqualTo(Status.NEED_OUTPUT);
                        assertThat(inflater.produced()).isEqualTo(16);
                    } catch (InflateException e) {
                        thrown = e;
                    }
                    at += inflater.consumed();
                }
                assertThat(thrown).hasMessageContaining("output limit exceeded");
                assertThat(inflater.totalOut()).isEqualTo(limit);
                assertThat(out.asSlice(0, limit).toArray(ValueLayout.JAVA_BYTE)).isEqualTo(Arrays.copyOf(TEXT, limit));
            }
        }
    }

    @Test
    void theRatioLimitStopsABombEarly() throws InflateException {
        byte[] bomb = zlib(new byte[10_000_000]);
        MemorySegment out = scope.allocate(10_000_000);
        try (Inflater inflater = new Inflater(InflaterOptions.of(Format.ZLIB).withRatioLimit(100))) {
            assertThatThrownBy(() -> inflater.inflate(segment(bomb), out)).hasMessageContaining("ratio limit exceeded");
            assertThat(inflater.totalOut()).isLessThan(1_000_000);
            inflater.reset();
            assertThat(inflater.inflate(segment(zlib(TEXT)), out)).isEqualTo(Status.DONE);
        }
    }

    /** A call without input delivers what waits, and does not hide that the stream has failed. */
    @Test
    void aLimitPassedAtTheEndOfAPieceStays() throws InflateException {
        byte[] bomb = zlib(new byte[1_000_000]);
        MemorySegment piece = segment(Arrays.copyOf(bomb, bomb.length / 2));
        MemorySegment out = scope.allocate(1 << 20);
        try (Inflater inflater = new Inflater(InflaterOptions.of(Format.ZLIB).withRatioLimit(100))) {
            assertThatThrownBy(() -> inflater.inflate(piece, out)).hasMessageContaining("ratio limit exceeded");
            for (int call = 0; call < 3; call++) {
                assertThatThrownBy(() -> inflater.inflate(segment(), out)).hasMessageContaining("ratio limit exceeded");
            }
        }
    }

    /** What begins an element that is not complete is taken with the rest, and so the next piece may be a new one. */
    @Test
    void aPieceIsConsumedWholeWhileItsOutputWaits() throws InflateException {
        byte[] stream = zlib(TEXT);
        for (int cut = 10; cut < stream.length - 4; cut++) {
            try (Inflater inflater = Inflater.of(Format.ZLIB)) {
                MemorySegment out = scope.allocate(TEXT.length);
                assertThat(inflater.inflate(segment(Arrays.copyOf(stream, cut)), 0, cut, out, 0, 1)).isEqualTo(Status.NEED_OUTPUT);
                assertThat(inflater.consumed()).isEqualTo(cut);
                assertThat(inflater.inflate(segment(), 0, 0, out, 1, TEXT.length - 1)).isEqualTo(Status.NEED_INPUT);
                long produced = inflater.totalOut();
                assertThat(inflater.inflate(segment(Arrays.copyOfRange(stream, cut, stream.length)), 0, stream.length - cut,
                        out, produced, TEXT.length - produced)).isEqualTo(Status.DONE);
                assertThat(out.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(TEXT);
            }
        }
    }

    @Test
    void anErrorComesAfterTheBytesBeforeItAndStays() throws InflateException {
        byte[] stream = new BitWriter().header(true, 1).fixedLiteral('a').fixedLiteral('b').fixedLiteral('c')
                .fixedLiteral(257).fixedDistance(30).toBytes();
        MemorySegment out = scope.allocate(1);
        try (Inflater inflater = Inflater.of(Format.RAW)) {
            assertThat(inflater.inflate(segment(stream), out)).isEqualTo(Status.NEED_OUTPUT);
            assertThat(inflater.inflate(segment(), out)).isEqualTo(Status.NEED_OUTPUT);
            for (int call = 0; call < 3; call++) {
                InflateException wrong = catchThrowableOfType(InflateException.class, () -> inflater.inflate(segment(), out));
                assertThat(wrong.reason()).isEqualTo("invalid distance code");
                assertThat(wrong.inputOffset()).isEqualTo(5);
                assertThat(wrong).hasMessage("invalid distance code (input offset 5)");
                assertThat(inflater.produced()).isEqualTo(call == 0 ? 1 : 0);
            }
            assertThat(inflater.totalOut()).isEqualTo(3);
        }
    }

    /** As zlib's total_in: behind the two bytes, or what of the header has been read. */
    @Test
    void anErrorOfTheHeaderIsAtTheSameOffsetHoweverTheInputIsCut() {
        GzipMember member = GzipMember.of(TEXT);
        member.method = 7;
        byte[] method = member.toBytes();
        InflaterOptions small = new InflaterOptions(Format.ZLIB, false, TrailingData.LEAVE, 9, Long.MAX_VALUE, Long.MAX_VALUE);
        assertErrorAt(2, "incorrect header check", small, new byte[] {0x78, (byte) 0x9d, 3, 0});
        assertErrorAt(2, "unknown compression method", small, new byte[] {0x77, (byte) 0x85, 3, 0});
        assertErrorAt(2, "invalid window size", small, new byte[] {0x78, (byte) 0x9c, 3, 0});
        assertErrorAt(2, "incorrect header check", InflaterOptions.of(Format.GZIP), new byte[] {0x1f, (byte) 0x8c, 8, 0});
        assertErrorAt(2, "incorrect header check", InflaterOptions.of(Format.AUTO), new byte[] {0x1f, (byte) 0x8c, 8, 0});
        assertErrorAt(4, "unknown compression method", InflaterOptions.of(Format.GZIP), method);
    }

    private void assertErrorAt(long offset, String reason, InflaterOptions options, byte[] stream) {
        for (int cut = 0; cut <= stream.length; cut++) {
            byte[] first = Arrays.copyOf(stream, cut);
            byte[] second = Arrays.copyOfRange(stream, cut, stream.length);
            try (Inflater inflater = new Inflater(options)) {
                InflateException wrong = catchThrowableOfType(InflateException.class, () -> {
                    inflater.inflate(segment(first), ROOM);
                    inflater.inflate(segment(second), ROOM);
                });
                assertThat(wrong).as("%s cut at %d", reason, cut).hasMessage(reason + " (input offset " + offset + ")");
                assertThat(inflater.totalIn()).isEqualTo(offset);
            }
        }
    }

    /** Input and output may lie side by side, either of them first. */
    @Test
    void neighboursShareNoMemory() throws InflateException {
        byte[] stream = zlib(TEXT);
        int bytes = stream.length;
        int room = TEXT.length;
        for (MemorySegment both : new MemorySegment[] {scope.allocate(bytes + room), MemorySegment.ofArray(new byte[bytes + room])}) {
            for (boolean inputFirst : new boolean[] {true, false}) {
                MemorySegment in = both.asSlice(inputFirst ? 0 : room, bytes).copyFrom(MemorySegment.ofArray(stream));
                MemorySegment out = both.asSlice(inputFirst ? bytes : 0, room);
                try (Inflater inflater = Inflater.of(Format.ZLIB)) {
                    assertThat(inflater.inflate(in, out)).isEqualTo(Status.DONE);
                    assertThat(out.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(TEXT);
                }
            }
        }
    }

    @Test
    void badArgumentsAreRefusedBeforeAnythingIsTouched() throws Exception {
        MemorySegment in = segment(zlib(TEXT));
        MemorySegment out = scope.allocate(100);
        Arena closed = Arena.ofConfined();
        MemorySegment dead = closed.allocate(100);
        closed.close();
        try (Inflater inflater = Inflater.of(Format.ZLIB); Arena confined = Arena.ofConfined()) {
            assertThatThrownBy(() -> inflater.inflate(in, out.asReadOnly()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("isReadOnly()=true");
            assertThatThrownBy(() -> inflater.inflate(out.asSlice(0, 60), out.asSlice(59)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("share memory");
            byte[] array = new byte[100];
            assertThatThrownBy(() -> inflater.inflate(MemorySegment.ofArray(array), MemorySegment.ofArray(array)))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> inflater.inflate(dead, out)).isInstanceOf(IllegalStateException.class).hasMessageContaining("in.");
            assertThatThrownBy(() -> inflater.inflate(in, dead)).isInstanceOf(IllegalStateException.class).hasMessageContaining("out.");
            assertThatThrownBy(() -> inflater.inflate(in, 0, in.byteSize() + 1, out, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> inflater.inflate(in, 0, -1, out, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> inflater.inflate(in, 0, 1, out, -1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            MemorySegment ofThisThread = confined.allocate(100);
            Throwable[] thrown = new Throwable[1];
            Thread other = Thread.ofPlatform().start(() -> thrown[0] =
                    catchThrowableOfType(WrongThreadException.class, () -> inflater.inflate(in, ofThisThread)));
            other.join();
            assertThat(thrown[0]).isNotNull();

            assertThat(inflater.totalIn()).isZero();
            assertThat(inflater.inflate(in, out)).isEqualTo(Status.DONE);
        }
    }

    @Test
    void aRefusedCallTookNothingAndWroteNothing() throws Exception {
        MemorySegment in = segment(zlib(TEXT));
        MemorySegment out = scope.allocate(100);
        try (Inflater inflater = Inflater.of(Format.ZLIB)) {
            inflater.inflate(in, out.asSlice(0, 5));
            assertThat(inflater.produced()).isEqualTo(5);
            assertThatThrownBy(() -> inflater.inflate(in, out.asReadOnly())).isInstanceOf(IllegalArgumentException.class);
            assertThat(inflater.consumed()).isZero();
            assertThat(inflater.produced()).isZero();
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        InflaterOptions options = InflaterOptions.of(Format.ZLIB);
        for (int bits : new int[] {7, 16, -1}) {
            assertThatThrownBy(() -> options.withWindowBits(bits))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("windowBits=" + bits);
        }
        assertThatThrownBy(() -> options.withOutputLimit(-1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("outputLimit=-1");
        assertThatThrownBy(() -> options.withRatioLimit(0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ratioLimit=0");
        assertThatThrownBy(() -> InflaterOptions.of(null)).isInstanceOf(NullPointerException.class).hasMessageContaining("format");
        assertThatThrownBy(() -> options.withTrailingData(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aDictionaryOfAClosedScopeIsRefusedAndAnotherIsTaken() throws InflateException {
        byte[] dictionary = Deflated.Shape.SKEWED.bytes(1_000, 1);
        byte[] stream = Deflated.stream(dictionary, 9, 0, true, dictionary);
        Arena closed = Arena.ofConfined();
        MemorySegment dead = closed.allocate(1_000);
        closed.close();
        try (Inflater inflater = Inflater.of(Format.RAW)) {
            assertThatThrownBy(() -> inflater.setDictionary(dead)).isInstanceOf(IllegalStateException.class);
            inflater.setDictionary(segment(dictionary));
            assertThat(inflater.inflate(segment(stream), scope.allocate(1_000))).isEqualTo(Status.DONE);
        }
        Inflater done = Inflater.of(Format.RAW);
        done.close();
        assertThatThrownBy(() -> done.setDictionary(segment(dictionary))).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed=true");
        assertThatThrownBy(done::gzipHeader).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aClosedInflaterRefusesAllButClose() {
        Inflater inflater = Inflater.of(Format.ZLIB);
        inflater.close();
        inflater.close();
        assertThatThrownBy(() -> inflater.inflate(segment(), segment()))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed=true");
        assertThatThrownBy(inflater::reset).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void segmentsOfAnyKindGiveTheSame() throws InflateException {
        byte[] data = Deflated.Shape.ECHO.bytes(100_000, 3);
        byte[] stream = zlib(data);
        try (Inflater inflater = Inflater.of(Format.ZLIB); Arena shared = Arena.ofShared(); Arena confined = Arena.ofConfined()) {
            MemorySegment[] ins = {MemorySegment.ofArray(stream), segment(stream),
                    shared.allocate(stream.length).copyFrom(MemorySegment.ofArray(stream)),
                    MemorySegment.ofArray(stream).asReadOnly()};
            MemorySegment[] outs = {MemorySegment.ofArray(new byte[100_000]), confined.allocate(100_000),
                    shared.allocate(100_000), MemorySegment.ofArray(new int[25_000])};
            for (MemorySegment in : ins) {
                for (MemorySegment out : outs) {
                    inflater.reset();
                    assertThat(inflater.inflate(in, out)).isEqualTo(Status.DONE);
                    assertThat(out.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void aCallAllocatesNothing() throws InflateException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] data = Deflated.Shape.SKEWED.bytes(30_000, 4);
        MemorySegment out = Arena.global().allocate(64);
        for (byte[] stream : new byte[][] {zlib(data), gzip(data)}) {
            MemorySegment in = Arena.global().allocate(stream.length).copyFrom(MemorySegment.ofArray(stream));
            try (Inflater inflater = Inflater.of(Format.AUTO)) {
                long least = Long.MAX_VALUE;
                for (int round = 0; round < 200; round++) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    inflater.reset();
                    long at = 0;
                    while (inflater.inflate(in, at, in.byteSize() - at, out, 0, 64) != Status.DONE) {
                        at += inflater.consumed();
                    }
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
                assertThat(least).isZero();
            }
        }
    }
}
