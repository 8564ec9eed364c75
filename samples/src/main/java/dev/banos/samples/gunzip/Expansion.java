package dev.banos.samples.gunzip;

import dev.banos.libc.zip.GzipHeader;
import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Locale;
import java.util.Objects;

/**
 * Expands all gzip members of one input. Behind the last, zero bytes are padding and other bytes are ignored with a warning.
 *
 * <pre>
 *   input   +--------+---------------------+-----------+
 *           | used   | from ..........  to | free      |
 *           +--------+---------------------+-----------+
 * </pre>
 */
final class Expansion implements AutoCloseable {
    /** For a test: takes everything. */
    static final WritableByteChannel NOWHERE = Channels.newChannel(OutputStream.nullOutputStream());

    private static final String LENGTH_ERROR = "\n%s: invalid compressed data--length error";
    private static final long BUFFER_BYTES = 1 << 18;
    private static final int MAGIC_BYTES = 2;
    private static final int MAGIC = 0x1F8B;
    /** Magic, method and flags. */
    private static final int PREFIX_BYTES = 4;
    private static final int DEFLATED = 8;
    private static final int EXTRA_FIELD = 4;
    private static final int ENCRYPTED = 0x20;
    private static final int RESERVED = 0xE0;
    private static final int FIXED_HEADER_BYTES = 10;
    private static final int TRAILER_BYTES = 8;

    private final ReadableByteChannel in;
    private final String name;
    private final Progress progress;
    private final boolean copies;
    private final Orders orders;
    private final Report report;
    private final Inflater inflater = Inflater.of(Inflater.Format.GZIP);
    private final Arena scope = Arena.ofConfined();
    private final MemorySegment input = scope.allocate(BUFFER_BYTES);
    private final MemorySegment output = scope.allocate(BUFFER_BYTES);
    private final ByteBuffer inputBytes = input.asByteBuffer();
    private final ByteBuffer outputBytes = output.asByteBuffer();
    private long from;
    private long to;
    private boolean plain;
    private boolean followed;
    private int prefix;
    private long storedSeconds;
    private final HeaderSum headerSum = new HeaderSum();
    private Inflater.Status status = Inflater.Status.NEED_INPUT;

    private long read;
    private long overhead;
    private long lastMember;

    /** @param copies whether what gzip has not made is copied as it is */
    Expansion(ReadableByteChannel in, String name, Progress progress, boolean copies, Orders orders, Report report) {
        this.in = in;
        this.name = name;
        this.progress = progress;
        this.copies = copies;
        this.orders = orders;
        this.report = report;
    }

    @Override
    public void close() {
        progress.close();
        headerSum.close();
        scope.close();
        inflater.close();
    }

    /** Reads the header of the first member. An input without one is refused, or is to be copied as it is. */
    void begin() throws IOException {
        if (memberFollows()) {
            header();
            overhead = firstHeader().bytes() + TRAILER_BYTES;
        } else if (copies) {
            plain = true;
        } else if (to - from < MAGIC_BYTES) {
            throw endOfFile();
        } else {
            throw Complaint.error("\n" + name + ": not in gzip format");
        }
    }

    /** That of the first member, where the input begins with one. */
    GzipHeader firstHeader() {
        return Objects.requireNonNull(inflater.gzipHeader(), "header");
    }

    /** How much of the content compression had saved, as gzip reckons: by the last member's length and all that was read. */
    double percentSaved() {
        return lastMember == 0 ? 0 : 100.0 * (lastMember - (read - overhead)) / lastMember;
    }

    /** When the content was changed last, as the last member says that says so; seconds since 1970, or 0. */
    long storedSeconds() {
        return storedSeconds;
    }

    /** Goes on where {@link #begin} ended. */
    void writeTo(WritableByteChannel out) throws IOException {
        if (plain) {
            copy(out);
            return;
        }
        member(out);
        while (memberFollows()) {
            overhead = 0;
            header();
            member(out);
        }
        if (copies) {
            copy(out);
        } else {
            behindLastMember();
        }
    }

    /** Whether something stood behind the last member. */
    boolean hasRest() {
        return followed;
    }

    private void copy(WritableByteChannel out) throws IOException {
        do {
            inputBytes.limit((int) to).position((int) from);
            while (out != NOWHERE && inputBytes.hasRemaining()) {
                out.write(inputBytes);
            }
            lastMember += to - from;
            from = to;
        } while (read());
    }

    private boolean memberFollows() throws IOException {
        boolean whole = available(PREFIX_BYTES);
        if (to - from < MAGIC_BYTES || (inputBytes.getShort((int) from) & 0xFFFF) != MAGIC) {
            return false;
        }
        prefix = whole ? inputBytes.getInt((int) from) : 0;
        return true;
    }

    private void behindLastMember() throws IOException {
        if (to - from == 1 && inputBytes.get((int) from) != 0) {
            throw endOfFile(); // half of a member's magic
        }
        do {
            for (; from < to; from++) {
                followed = true;
                if (inputBytes.get((int) from) != 0) {
                    overhead = 0;
                    report.complain(Complaint.warning("\n" + name + ": decompression OK, trailing garbage ignored"));
                    return;
                }
            }
        } while (read());
        if (followed) {
            overhead = 0;
            if (orders.verbose()) {
                report.complain(Complaint.warning("\n" + name + ": decompression OK, trailing zero bytes ignored"));
            }
        }
    }

    /** Until the inflater knows the header, which says the name of the output before there is one. */
    private void header() throws IOException {
        inflater.reset();
        status = Inflater.Status.NEED_INPUT;
        lastMember = 0;
        headerSum.reset();
        sayExtraField();
        do {
            try {
                status = inflater.inflate(input, from, to - from, output, 0, 0);
                takeHeader();
            } catch (InflateException wrong) {
                takeHeader();
                if (inflater.gzipHeader() == null) {
                    throw Complaint.error(inGzipsWords(wrong));
                }
                return; // the next call says so again
            }
            if (status == Inflater.Status.NEED_INPUT && inflater.gzipHeader() == null && !read()) {
                throw endOfFile();
            }
        } while (status == Inflater.Status.NEED_INPUT && inflater.gzipHeader() == null);
        long seconds = firstHeader().modificationTime();
        storedSeconds = seconds == 0 ? storedSeconds : seconds;
    }

    private void takeHeader() {
        headerSum.add(input.asSlice(from, inflater.consumed()));
        from += inflater.consumed();
    }

    /** In gzip's order: before all that may be wrong behind the field's length. */
    private void sayExtraField() throws IOException {
        boolean present = (prefix >>> 8 & 0xFF) == DEFLATED && (prefix & RESERVED) == 0 && (prefix & EXTRA_FIELD) != 0;
        if (present && orders.verbose() && available(FIXED_HEADER_BYTES + Short.BYTES)) {
            int bytes = Short.toUnsignedInt(Short.reverseBytes(inputBytes.getShort((int) from + FIXED_HEADER_BYTES)));
            report.say(name + ": extra field of " + bytes + " bytes ignored");
        }
    }

    private boolean available(int bytes) throws IOException {
        while (to - from < bytes && read()) {
            continue;
        }
        return to - from >= bytes;
    }

    private void member(WritableByteChannel out) throws IOException {
        while (status != Inflater.Status.DONE) {
            try {
                status = inflater.inflate(input, from, to - from, output, 0, BUFFER_BYTES);
            } catch (InflateException wrong) {
                from += inflater.consumed();
                write(out, inflater.produced());
                throw ofMember(wrong);
            }
            from += inflater.consumed();
            write(out, inflater.produced());
            if (status == Inflater.Status.NEED_INPUT && !read()) {
                throw endOfFile();
            }
        }
    }

    /** gzip reads the whole trailer before it looks at either check, and then at both. */
    private Complaint ofMember(InflateException wrong) throws IOException {
        String words = inGzipsWords(wrong);
        if (wrong.reason().equals("incorrect data check")) {
            if (!available(Integer.BYTES)) {
                return endOfFile();
            }
            int length = Integer.reverseBytes(inputBytes.getInt((int) from));
            if (length != (int) lastMember) {
                report.complain(Complaint.error(words));
                words = LENGTH_ERROR.formatted(name);
            }
        }
        boolean goesOn = orders.test() && wrong.reason().endsWith(" check");
        return goesOn ? Complaint.error(words) : Complaint.lastError(words);
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
        read += bytes;
        progress.advance(bytes);
        return true;
    }

    private void write(WritableByteChannel out, long bytes) throws IOException {
        lastMember += bytes;
        if (out == NOWHERE) {
            return;
        }
        outputBytes.clear().limit((int) bytes);
        while (outputBytes.hasRemaining()) {
            out.write(outputBytes);
        }
    }

    private Complaint endOfFile() {
        return Complaint.lastError("\n" + name + ": unexpected end of file");
    }

    private String inGzipsWords(InflateException wrong) {
        int method = prefix >>> 8 & 0xFF;
        int flags = prefix & 0xFF;
        return switch (wrong.reason()) {
            case "incorrect data check" -> "\n" + name + ": invalid compressed data--crc error";
            case "incorrect length check" -> LENGTH_ERROR.formatted(name);
            case "unknown compression method" -> name + ": unknown method " + method + " -- not supported";
            case "unknown header flags set" -> name + ((flags & ENCRYPTED) != 0
                    ? " is encrypted -- not supported"
                    : " has flags 0x" + Integer.toHexString(flags) + " -- not supported");
            case "header crc mismatch" -> name + ": header checksum " + hex16(headerSum.stored()) + " != computed checksum "
                    + hex16(headerSum.computed());
            default -> "\n" + name + ": invalid compressed data--format violated";
        };
    }

    private static String hex16(int number) {
        return String.format(Locale.ROOT, "0x%04x", number);
    }
}
