package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.zip.Inflater.Format;
import java.util.HexFormat;
import java.util.Random;
import java.util.function.IntSupplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;

/** {@code java.util.zip}, which is zlib, is the oracle: for what is accepted, what comes out, and how what is refused is called. */
class InflaterPropertiesTest {
    private static final int DEFLATER_STRATEGIES = 3;

    @Property(tries = 500)
    void whatZlibDeflatesIsInflatedInAnyPieces(@ForAll Deflated.Shape shape, @ForAll @IntRange(max = 200_000) int bytes,
            @ForAll long seed, @ForAll @IntRange(max = 9) int level, @ForAll boolean raw,
            @ForAll @IntRange(min = 1, max = 100_000) int largestIn, @ForAll @IntRange(min = 1, max = 300_000) int largestOut) {
        byte[] data = shape.bytes(bytes, seed);
        byte[] stream = Deflated.stream(data, level, level % DEFLATER_STRATEGIES, raw);

        Verdict verdict = Verdict.of(options(raw), stream, sizes(largestIn, seed), sizes(largestOut, ~seed));

        assertThat(verdict.equals(new Verdict(Verdict.DONE, HexFormat.of().formatHex(data), stream.length))).isTrue();
    }

    @Property(tries = 5_000)
    void aMutantMeetsZlibsVerdict(@ForAll Deflated.Shape shape, @ForAll @IntRange(max = 3_000) int bytes, @ForAll long seed,
            @ForAll @IntRange(max = 9) int level, @ForAll boolean raw) {
        requireZlibsVerdict(shape, bytes, seed, level, raw);
    }

    @Tag("campaign")
    @Property(tries = 400_000)
    void campaignOfMutants(@ForAll Deflated.Shape shape, @ForAll @IntRange(max = 6_000) int bytes, @ForAll long seed,
            @ForAll @IntRange(max = 9) int level, @ForAll boolean raw) {
        requireZlibsVerdict(shape, bytes, seed, level, raw);
    }

    private static void requireZlibsVerdict(Deflated.Shape shape, int bytes, long seed, int level, boolean raw) {
        byte[] stream = Deflated.stream(shape.bytes(bytes, seed), level, level % DEFLATER_STRATEGIES, raw);
        byte[] mutant = Deflated.mutate(stream, seed);
        int largest = (seed & 1) == 0 ? Integer.MAX_VALUE : 64;
        Verdict ours = Verdict.of(options(raw), mutant, sizes(largest, seed), sizes(Math.min(largest, 30_000), ~seed));

        assertThat(ours).isEqualTo(Verdict.ofZlib(mutant, raw));
    }

    @Property(tries = 2_000)
    void noiseMeetsZlibsVerdict(@ForAll byte[] noise, @ForAll boolean raw) {
        assertThat(Verdict.of(options(raw), noise, () -> 7, () -> 100)).isEqualTo(Verdict.ofZlib(noise, raw));
    }

    private static InflaterOptions options(boolean raw) {
        return InflaterOptions.of(raw ? Format.RAW : Format.ZLIB);
    }

    private static IntSupplier sizes(int largest, long seed) {
        Random random = new Random(seed);
        return largest == Integer.MAX_VALUE ? () -> largest : () -> 1 + random.nextInt(largest);
    }
}
