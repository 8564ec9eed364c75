package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.zip.Inflater.Format;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream may be cut in two at any byte of its input and at any byte of its output, in each combination. */
class InflaterSplitTest {
    private static final byte[] TEXT = "banana bandana, bananas and bandanas: a banana band".getBytes(StandardCharsets.US_ASCII);

    static Stream<Named<byte[]>> contents() {
        return Stream.of(
                Named.of("empty", new byte[0]),
                Named.of("text", TEXT),
                Named.of("run", new byte[400]),
                Named.of("noise", Bytes.random(90, 1)),
                Named.of("skewed", Deflated.Shape.SKEWED.bytes(250, 2)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("contents")
    void everySplitGivesTheSame(byte[] data) {
        for (int level : new int[] {0, 1, 9}) {
            for (boolean raw : new boolean[] {true, false}) {
                byte[] stream = Deflated.stream(data, level, 0, raw);
                splitEverywhere(stream, data, InflaterOptions.of(raw ? Format.RAW : Format.ZLIB));
            }
        }
        splitEverywhere(GzipMember.of(data).toBytes(), data, InflaterOptions.of(Format.AUTO));
    }

    private static void splitEverywhere(byte[] stream, byte[] data, InflaterOptions options) {
        Verdict expected = new Verdict(Verdict.DONE, HexFormat.of().formatHex(data), stream.length);
        try (Inflater inflater = new Inflater(options)) {
            for (int in = 1; in <= stream.length; in++) {
                for (int out = 1; out <= data.length + 1; out++) {
                    inflater.reset();
                    Verdict verdict = Verdict.of(inflater, stream, firstThenAll(in), firstThenAll(out));
                    assertThat(verdict).as("input split at %d, output at %d", in, out).isEqualTo(expected);
                }
            }
            inflater.reset();
            assertThat(Verdict.of(inflater, stream, () -> 1, () -> 1)).as("byte by byte").isEqualTo(expected);
        }
    }

    private static IntSupplier firstThenAll(int first) {
        int[] calls = new int[1];
        return () -> calls[0]++ == 0 ? first : 1 << 12;
    }
}
