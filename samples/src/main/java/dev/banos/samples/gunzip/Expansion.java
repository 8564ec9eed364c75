package dev.banos.samples.gunzip;

import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Expands all gzip members of one input. Zero bytes behind the last are padding, other bytes are ignored with a warning.
 *
 * <pre>
 *   input   +--------+---------------------+-----------+
 *           | used   | from ..........  to | free      |
 *           +--------+---------------------+-----------+
 * </pre>
 */
final class Expansion {
    /** For a test: takes everything. */
    static final WritableByteChannel NOWHERE = null;

    private static final long BUFFER_BYTES = 1 << 18;
    private static final int MAGIC_BYTES = 2;
    private static final int MAGIC = 0x1F8B;

    private final ReadableByteChannel in;
    private final WritableByteChannel out;
    private final String name;
    private final Progress progress;
    private final Inflater inflater;
    private final MemorySegment input;
    private final MemorySegment output;
    private final ByteBuffer inputBytes;
    private final ByteBuffer outputBytes;
    private long from;
    private long to;

    private Expansion(ReadableByteChannel in, WritableByteChannel out, String name, Progress progress,
            Inflater inflater, Arena scope) {
        this.in = in;
        this.out = out;
        this.name = name;
        this.progress = progress;
        this.inflater = inflater;
        input = scope.allocate(BUFFER_BYTES);
        output = scope.allocate(BUFFER_BYTES);
        inputBytes = input.asByteBuffer();
        outputBytes = output.asByteBuffer();
    }

    static void run(ReadableByteChannel in, WritableByteChannel out, String name, Progress progress) throws IOException {
        try (Inflater inflater = Inflater.of(Inflater.Format.GZIP); Arena scope = Arena.ofConfined()) {
            new Expansion(in, out, name, progress, inflater, scope).members();
        }
    }

    private void members() throws IOException {
        boolean first = true;
        while (holdsMember(first)) {
            try {
                inflater.reset();
                member();
            } catch (InflateException wrong) {
                throw Complaint.error(name + ": " + inGzipsWords(wrong));
            }
            first = false;
        }
    }

    /** Whether a member begins here. The first has to; behind it, what is not a member is padding or garbage. */
    private boolean holdsMember(boolean first) throws IOException {
        while (to - from < MAGIC_BYTES && read()) {
            continue;
        }
        if (to - from >= MAGIC_BYTES && (inputBytes.getShort((int) from) & 0xFFFF) == MAGIC) {
            return true;
        }
        if (first) {
            throw Complaint.error(name + (from == to ? ": unexpected end of file" : ": not in gzip format"));
        }
        if (!onlyZerosLeft()) {
            throw Complaint.warning(name + ": decompression OK, trailing garbage ignored");
        }
        return false;
    }

    private boolean onlyZerosLeft() throws IOException {
        do {
            for (; from < to; from++) {
                if (inputBytes.get((int) from) != 0) {
                    return false;
                }
            }
        } while (read());
        return true;
    }

    private void member() throws IOException, InflateException {
        Inflater.Status status;
        do {
            status = inflater.inflate(input, from, to - from, output, 0, BUFFER_BYTES);
            from += inflater.consumed();
            write(inflater.produced());
            if (status == Inflater.Status.NEED_INPUT && !read()) {
                throw Complaint.error(name + ": unexpected end of file");
            }
        } while (status != Inflater.Status.DONE);
    }

    /** Adds input; false at its end. */
    private boolean read() throws IOException {
        MemorySegment.copy(input, from, input, 0, to - from);
        to -= from;
        from = 0;
        inputBytes.clear().position((int) to);
        int bytes = in.read(inputBytes);
        if (bytes < 0) {
            return false;
        }
        to += bytes;
        progress.advance(bytes);
        return true;
    }

    private void write(long bytes) throws IOException {
        if (out == NOWHERE) {
            return;
        }
        outputBytes.clear().limit((int) bytes);
        while (outputBytes.hasRemaining()) {
            out.write(outputBytes);
        }
    }

    private static String inGzipsWords(InflateException wrong) {
        return switch (wrong.reason()) {
            case "incorrect data check" -> "invalid compressed data--crc error";
            case "incorrect length check" -> "invalid compressed data--length error";
            case "unknown compression method" -> "unknown method -- not supported";
            case "unknown header flags set" -> "has flags that are reserved -- not supported";
            case "header crc mismatch" -> "header checksum does not match";
            default -> "invalid compressed data--format violated";
        };
    }
}
