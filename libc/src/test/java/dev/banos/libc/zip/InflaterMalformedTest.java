package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.zip.Inflater.Format;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams on the edge of what the format allows, made by hand: zlib's verdict is ours, whole and byte by byte. */
class InflaterMalformedTest {
    private static final int LONG_LENGTH = 8;

    static Stream<Named<byte[]>> streams() {
        return Stream.of(
                named("nothing", new BitWriter()),
                named("reserved block type", new BitWriter().header(true, 3)),
                named("stored", new BitWriter().header(true, 0).align().bytes(3, 0, 0xFC, 0xFF, 1, 2, 3)),
                named("stored, wrong complement", new BitWriter().header(true, 0).align().bytes(3, 0, 0xFC, 0xFE, 1, 2, 3)),
                named("stored, empty", new BitWriter().header(true, 0).align().bytes(0, 0, 0xFF, 0xFF)),
                named("stored, padding not zero", new BitWriter().header(true, 0).bits(31, 5).bytes(1, 0, 0xFE, 0xFF, 9)),
                named("fixed, empty", fixed().fixedLiteral(256)),
                named("fixed, length 286", fixed().fixedLiteral(65).fixedLiteral(286).fixedDistance(0)),
                named("fixed, length 287", fixed().fixedLiteral(65).fixedLiteral(287).fixedDistance(0)),
                named("fixed, distance 30", fixed().fixedLiteral(65).fixedLiteral(257).fixedDistance(30)),
                named("fixed, distance 31", fixed().fixedLiteral(65).fixedLiteral(257).fixedDistance(31)),
                named("distance 1 of nothing", fixed().fixedLiteral(257).fixedDistance(0)),
                named("distance 2 of one byte", fixed().fixedLiteral(65).fixedLiteral(257).fixedDistance(1)),
                named("length 258 as 285", fixed().fixedLiteral(65).fixedLiteral(285).fixedDistance(0).fixedLiteral(256)),
                named("length 258 as 284 + 31",
                        fixed().fixedLiteral(65).fixedLiteral(284).bits(31, 5).fixedDistance(0).fixedLiteral(256)),
                named("farthest distance of too little", fixed().fixedLiteral(65).fixedLiteral(257).fixedDistance(29).bits(8191, 13)),
                named("287 literals", new BitWriter().header(true, 2).bits(30, 5).bits(0, 5).bits(0, 4).bits(0, 64)),
                named("288 literals", new BitWriter().header(true, 2).bits(31, 5).bits(0, 5).bits(0, 4).bits(0, 64)),
                named("31 distances", new BitWriter().header(true, 2).bits(0, 5).bits(30, 5).bits(0, 4).bits(0, 64)),
                named("32 distances", new BitWriter().header(true, 2).bits(0, 5).bits(31, 5).bits(0, 4).bits(0, 64)),
                named("empty precode", new BitWriter().header(true, 2).bits(0, 5).bits(0, 5).bits(0, 4).bits(0, 12).bits(0, 400)),
                named("precode of one codeword", precode(1, 0, 0, 0)),
                named("precode over-subscribed", precode(1, 1, 1, 0)),
                named("precode incomplete", precode(2, 2, 2, 0)),
                named("precode complete, repeats only", precode(2, 2, 2, 2)),
                named("repeat before anything", dynamic(257, 1).length(16).bits(0, 2)),
                named("repeat past the end", dynamic(257, 1).zeros(250).length(1).length(18).bits(127, 7)),
                named("repeat of a length past the end", dynamic(257, 1).zeros(256).length(1).length(16).bits(0, 2)),
                named("repeat over the border", dynamic(257, 3).zeros(256).length(1).length(16).bits(0, 2).bits(0, 64)),
                named("no end of block", dynamic(257, 1).length(1).length(1).zeros(255).length(1)),
                named("only the end of block", dynamic(257, 1).zeros(256).length(1).length(0).bits(0, 1)),
                named("only the end of block, other half used", dynamic(257, 1).zeros(256).length(1).length(0).bits(1, 1)),
                named("only the end of block, then matches", matches(nothing(new BitWriter()), true, 1)
                        .length(1).bits(0, 1).bits(3, 2).bits(0, 1).bits(1, 2)),
                named("matches, then only the end of block, then literals", literals(nothing(matches(new BitWriter(), false, 1)
                        .length(1).bits(0, 1).bits(3, 2).bits(0, 1).bits(1, 2))).bits(0b1000, 4)),
                named("distances over-subscribed that no length could use",
                        dynamic(257, 3).zeros(256).length(1).length(1).length(1).length(1).bits(0, 1)),
                named("distances incomplete that no length could use",
                        dynamic(257, 1).zeros(256).length(1).length(2).bits(0, 1)),
                named("one literal code of two bits", dynamic(257, 1).zeros(256).length(2).length(0)),
                named("one literal code of 8 bits", dynamic(257, 1).zeros(256).length(LONG_LENGTH).length(0)),
                named("literals over-subscribed", dynamic(257, 1).length(1).length(1).zeros(254).length(1).length(1)),
                named("literals incomplete", dynamic(257, 1).length(2).length(2).zeros(254).length(2).length(1)),
                named("one distance of one bit", matches(1).length(1).bits(0, 1).bits(3, 2).bits(0, 1).bits(1, 2)),
                named("one distance of one bit, other half", matches(1).length(1).bits(0, 1).bits(3, 2).bits(1, 1).bits(1, 2)),
                named("one distance of two bits", matches(1).length(2)),
                named("no distance, unused", matches(1).length(0).bits(0, 1).bits(1, 2)),
                named("no distance, used", matches(1).length(0).bits(0, 1).bits(3, 2).bits(0, 8)),
                named("distances over-subscribed", matches(3).length(1).length(1).length(1)),
                named("distances incomplete", matches(2).length(2).length(2)),
                named("codes of 15 bits", deep()),
                named("trailing bytes", fixed().fixedLiteral(256).align().bytes(1, 2, 3)));
    }

    private static Named<byte[]> named(String name, BitWriter stream) {
        return Named.of(name, stream.toBytes());
    }

    private static BitWriter fixed() {
        return new BitWriter().header(true, 1);
    }

    private static BitWriter dynamic(int literals, int distances) {
        return new BitWriter().dynamic(true, literals, distances);
    }

    /** A precode of 16, 17, 18 and 0 with the lengths given, and zero bits after it. */
    private static BitWriter precode(int... lengths) {
        BitWriter writer = new BitWriter().header(true, 2).bits(0, 5).bits(0, 5).bits(0, 4);
        for (int length : lengths) {
            writer.bits(length, 3);
        }
        return writer.bits(0, 64);
    }

    /** Literal 0 in one bit, end of block and length 257 in two; the distances' lengths follow. */
    private static BitWriter matches(int distances) {
        return matches(new BitWriter(), true, distances);
    }

    private static BitWriter matches(BitWriter before, boolean last, int distances) {
        return before.dynamic(last, 258, distances).length(1).zeros(255).length(2).length(2);
    }

    /** A block that is not the last one and has only its end. */
    private static BitWriter nothing(BitWriter before) {
        return before.dynamic(false, 257, 1).zeros(256).length(1).length(0).bits(0, 1);
    }

    /** Literal 0 and the end of block in one bit; no distance. */
    private static BitWriter literals(BitWriter before) {
        return before.dynamic(true, 257, 1).length(1).zeros(255).length(1).length(0);
    }

    /** Codewords of 1, 2, 7, 8, 9, 14 and 15 bits do not fill the code, and lie in subtables. */
    private static BitWriter deep() {
        return dynamic(260, 1).length(1).length(2).length(7).length(8).length(9).length(14).zeros(250).length(15).zeros(3).length(0);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("streams")
    void zlibsVerdictIsOurs(byte[] stream) {
        InflaterOptions raw = InflaterOptions.of(Format.RAW);
        Verdict expected = Verdict.ofZlib(stream, true);

        assertThat(Verdict.of(raw, stream, () -> stream.length, () -> 1000)).isEqualTo(expected);
        assertThat(Verdict.of(raw, stream, () -> stream.length, () -> 100_000)).isEqualTo(expected);
        assertThat(Verdict.of(raw, stream, () -> 1, () -> 1)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("streams")
    void zlibsVerdictIsOursAtEveryCut(byte[] stream) {
        InflaterOptions raw = InflaterOptions.of(Format.RAW);
        IntStream.range(0, stream.length).forEach(length -> {
            byte[] cut = java.util.Arrays.copyOf(stream, length);
            assertThat(Verdict.of(raw, cut, () -> length, () -> 1000)).as("cut at %d", length).isEqualTo(Verdict.ofZlib(cut, true));
        });
    }
}
