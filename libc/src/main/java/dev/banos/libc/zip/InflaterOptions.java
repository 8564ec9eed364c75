package dev.banos.libc.zip;

import dev.banos.libc.zip.Inflater.Format;
import dev.banos.libc.zip.Inflater.TrailingData;
import java.util.Objects;

/**
 * How an {@link Inflater} reads its streams; each {@code with} method returns a copy with one option changed.
 *
 * @param format what stands around the DEFLATE stream
 * @param multiMember whether gzip members that follow one another count as one stream, as they do for gzip itself.
 *     {@link Inflater.Status#DONE} then comes at the end of each member behind which there is no input; more input may follow.
 *     Whether a byte 1F at the end of the input begins a member shows only with the next one: it is consumed, and asks for input
 * @param trailingData what to do with input behind the end
 * @param windowBits the largest window accepted from a zlib header, as a power of two, 8 to 15
 * @param outputLimit the most bytes that a stream may produce
 * @param ratioLimit the most bytes of output for one of input, from 64 KiB of output on; {@link Long#MAX_VALUE} for no limit
 */
public record InflaterOptions(Format format, boolean multiMember, TrailingData trailingData, int windowBits,
        long outputLimit, long ratioLimit) {
    private static final int SMALLEST_WINDOW_BITS = 8;
    private static final int LARGEST_WINDOW_BITS = 15;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public InflaterOptions {
        require(windowBits >= SMALLEST_WINDOW_BITS && windowBits <= LARGEST_WINDOW_BITS,
                "windowBits", windowBits, "has to be 8 to 15");
        require(outputLimit >= 0, "outputLimit", outputLimit, "has to be 0 or more");
        require(ratioLimit > 0, "ratioLimit", ratioLimit, "has to be more than 0");
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(trailingData, "trailingData");
    }

    /**
     * {@return options for one member, which leave what follows it, and have no limits}
     *
     * @param format what stands around the DEFLATE stream
     */
    public static InflaterOptions of(Format format) {
        return new InflaterOptions(format, false, TrailingData.LEAVE, LARGEST_WINDOW_BITS, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /**
     * {@return these options, reading gzip members that follow one another as one stream, or not}
     *
     * @param on whether they are one stream
     */
    public InflaterOptions withMultiMember(boolean on) {
        return new InflaterOptions(format, on, trailingData, windowBits, outputLimit, ratioLimit);
    }

    /**
     * {@return these options with another rule for input behind the end}
     *
     * @param policy what to do with it
     */
    public InflaterOptions withTrailingData(TrailingData policy) {
        return new InflaterOptions(format, multiMember, policy, windowBits, outputLimit, ratioLimit);
    }

    /**
     * {@return these options with another largest window}
     *
     * @param bits as a power of two, 8 to 15; a zlib header that declares more is refused
     * @throws IllegalArgumentException if it is out of that range
     */
    public InflaterOptions withWindowBits(int bits) {
        return new InflaterOptions(format, multiMember, trailingData, bits, outputLimit, ratioLimit);
    }

    /**
     * {@return these options with a limit for output, which ends a decompression bomb} Output beyond it is an {@link InflateException}.
     *
     * @param bytes 0 or more
     * @throws IllegalArgumentException if it is negative
     */
    public InflaterOptions withOutputLimit(long bytes) {
        return new InflaterOptions(format, multiMember, trailingData, windowBits, bytes, ratioLimit);
    }

    /**
     * {@return these options with a limit for the ratio of output to input} A higher ratio is an {@link InflateException}. DEFLATE
     * itself reaches 1032.
     *
     * @param ratio bytes of output for one of input, more than 0; {@link Long#MAX_VALUE} for no limit
     * @throws IllegalArgumentException if it is not more than 0
     */
    public InflaterOptions withRatioLimit(long ratio) {
        return new InflaterOptions(format, multiMember, trailingData, windowBits, outputLimit, ratio);
    }

    private static void require(boolean holds, String name, long value, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(name + "=" + value + ": " + rule);
        }
    }
}
