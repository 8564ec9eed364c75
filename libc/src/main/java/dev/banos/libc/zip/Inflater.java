package dev.banos.libc.zip;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * Decompresses DEFLATE, zlib and gzip streams (RFC 1951, 1950, 1952) from segment to segment, piece by piece.
 *
 * <pre>{@code
 * try (Inflater inflater = Inflater.of(Format.GZIP)) {
 *     for (;;) {
 *         Status status = inflater.inflate(in, out);
 *         use(out, inflater.produced());
 *         switch (status) {
 *             case DONE -> { return; }                                    // of several members: only if there is no more input
 *             case NEED_OUTPUT -> { }                                     // once more, with in.asSlice(inflater.consumed())
 *             case NEED_INPUT -> in = read();                             // all of the old one is consumed
 *             case NEED_DICTIONARY -> inflater.setDictionary(dictionary); // the one with dictionaryId()
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>Counts.</b> A call takes {@link #consumed()} bytes of its input and writes {@link #produced()} bytes of output. Bytes
 * behind the stream's end are never consumed. Up to {@value #LOOKAHEAD} bytes and a match may be decoded that had no room in the
 * output yet, or pass the limit of output; a later call delivers those that do not. Behind the bytes produced, the rest of the
 * output segment is scratch.
 *
 * <p><b>Errors.</b> Streams are accepted and refused exactly as zlib does, with its words. A wrong stream throws
 * {@link InflateException}, once all bytes before the error have been delivered, and again at each further call; the input offset
 * of a limit is where decoding had come to, which depends on the room in the output. A stream that is cut asks for input; whether
 * more will come is the caller's knowledge.
 *
 * <p>Where less than two pages of stack are left, a call is a {@link StackOverflowError} before anything is done. An error of the
 * virtual machine that comes later, such as an {@link OutOfMemoryError}, leaves a stream that is wrong; {@link #reset} begins anew.
 *
 * <p><b>Memory.</b> One off-heap block of fixed size for the life of the inflater; no call of {@link #inflate} or
 * {@link #reset} allocates, once compiled. Segments may be of any kind: native ones of a scope that the calling thread owns, or of
 * the global one, are read and written in place; through others (shared, automatic, heap) the bytes take one more copy, which makes
 * it safe to close a shared scope at any time.
 *
 * <p>An inflater serves one thread at a time; a second one that comes in during a call is refused. When it first goes from one
 * thread to another, the virtual machine may have to meet all threads at once, which takes tens of microseconds.
 */
public final class Inflater implements AutoCloseable {
    /** What stands around the DEFLATE stream. */
    public enum Format {
        /** Nothing: RFC 1951 alone. */
        RAW,
        /** Two bytes of header, and Adler-32 (RFC 1950). */
        ZLIB,
        /** A header with fields, CRC-32 and the length (RFC 1952). */
        GZIP,
        /** zlib or gzip, told by the first two bytes. */
        AUTO
    }

    /** What the caller has to do next. */
    public enum Status {
        /**
         * The stream has ended and its checks were right. With {@link InflaterOptions#multiMember} that is where a member has ended
         * and there is no input behind it: the stream has ended if the caller has no more either, and otherwise goes on with the next input.
         */
        DONE,
        /** All input is consumed and everything that follows from it is delivered. */
        NEED_INPUT,
        /** At least one more byte is known, for which there is no room. */
        NEED_OUTPUT,
        /** The stream wants {@link #setDictionary}. */
        NEED_DICTIONARY
    }

    /** What to do with input behind the end of the stream. */
    public enum TrailingData {
        /** Such input is not consumed. */
        LEAVE,
        /** Such input is an error, {@code trailing data}. */
        REFUSE,
        /** It is consumed and dropped. */
        IGNORE
    }

    /** Not a constant, which would be allocated when it is first used. */
    private static final String BROKEN_OFF = String.valueOf("an error of the virtual machine broke off an earlier call; reset() begins anew");

    private enum Phase { HEADER, BODY, TRAILER, BETWEEN_MEMBERS, FINISHED, FAILED }

    /** How much of a text of the gzip header is kept, in bytes. */
    public static final int HEADER_TEXT_BYTES = 1024;
    static final int LOOKAHEAD = 4096;
    /** Output up to here passes any ratio limit: it harms nobody and short streams have odd ratios. */
    static final int RATIO_GRACE = 1 << 16;
    private static final int DIRECT_MINIMUM = 1 << 14;
    /** Checks and limits are applied after so many bytes, while they are in the cache. */
    private static final int DIRECT_CHUNK = 1 << 16;

    private final InflaterOptions options;
    private final Workspace workspace;
    private final BitInput input = new BitInput();
    private final BlockDecoder decoder;
    private final SymbolLoop symbols;
    private final Envelope envelope;

    private final Turns turns = new Turns();
    private boolean closed;
    private Phase phase;
    private String failure = "";
    private long failureOffset;

    /** Decoded bytes from here to {@code symbols.out} wait in the window. */
    private long delivered;
    /** How far back a match may reach, up to {@link Workspace#HISTORY_BYTES}. */
    private long history;
    /** The decoder has taken all input, and what is left of it begins an element that is not complete. */
    private boolean starved;
    /** More of the same call's input follows the piece that is there: its end says nothing about what stands behind the stream. */
    private boolean moreFollows;

    private MemorySegment target = MemorySegment.NULL;
    private long targetOffset;
    private long targetLength;
    private boolean targetInPlace;

    private long consumed;
    private long produced;
    private long totalIn;
    private long totalOut;

    /**
     * An inflater with the default options: {@link InflaterOptions#of}.
     *
     * @param format what stands around the DEFLATE stream
     * @return the inflater, open until its {@link #close}
     * @throws OutOfMemoryError when there is no native memory for it
     */
    public static Inflater of(Format format) {
        return new Inflater(InflaterOptions.of(format));
    }

    /**
     * An inflater at the beginning of a stream.
     *
     * @param options what it reads, and its limits
     * @throws OutOfMemoryError when there is no native memory for it
     */
    public Inflater(InflaterOptions options) {
        this.options = options;
        workspace = new Workspace();
        decoder = new BlockDecoder(input, workspace);
        symbols = decoder.symbols;
        envelope = new Envelope(input, workspace, options.format(), options.windowBits());
        restart();
    }

    /** Makes the inflater as new, for another stream with the same options. */
    public void reset() {
        acquire();
        try {
            restart();
        } finally {
            release();
        }
    }

    private void restart() {
        phase = Phase.HEADER;
        failure = "";
        input.reset();
        decoder.reset();
        envelope.reset();
        symbols.out = workspace.window;
        delivered = workspace.window;
        history = 0;
        starved = false;
        consumed = 0;
        produced = 0;
        totalIn = 0;
        totalOut = 0;
    }

    /** Frees the memory. A second call does nothing. */
    @Override
    public void close() {
        enter();
        try {
            if (!closed) {
                closed = true;
                turns.favourNobody();
                workspace.free();
            }
        } finally {
            release();
        }
    }

    /**
     * Decompresses from {@code in} to {@code out} as far as both go.
     *
     * @param in the next bytes of the stream
     * @param out where the decompressed bytes go, from its beginning
     * @return what is to be done next, as the example above has it
     * @throws InflateException if the stream is wrong or passes a limit of the options; {@link #consumed()} and
     *     {@link #produced()} still tell what was done
     * @throws IllegalArgumentException if {@code out} is read-only, or shares memory with {@code in}
     * @throws IllegalStateException if the scope of a segment or this inflater is closed, or another thread is using it
     * @throws WrongThreadException if a segment is confined to another thread
     */
    public Status inflate(MemorySegment in, MemorySegment out) throws InflateException {
        return inflate(in, 0, in.byteSize(), out, 0, out.byteSize());
    }

    /**
     * Decompresses from a part of {@code in} to a part of {@code out}, without slices.
     *
     * @param in holds the next bytes of the stream
     * @param inOffset where these begin
     * @param inLength how many there are
     * @param out holds the room for output
     * @param outOffset where this begins
     * @param outLength how many bytes it has
     * @return as {@link #inflate(MemorySegment, MemorySegment)}
     * @throws IndexOutOfBoundsException if a part does not lie in its segment
     * @throws InflateException as {@link #inflate(MemorySegment, MemorySegment)}
     */
    public Status inflate(MemorySegment in, long inOffset, long inLength, MemorySegment out, long outOffset, long outLength)
            throws InflateException {
        acquire();
        try {
            consumed = 0;
            produced = 0;
            Arguments.check(in, inOffset, inLength, out, outOffset, outLength);
            long waiting = symbols.out - delivered;
            if (waiting > outLength || starved && inLength == 0) {
                long bytes = Math.min(waiting, outLength);
                if (bytes < options.outputLimit() - totalOut) {
                    return deliverAlone(out, outOffset, bytes);
                }
            }
            return decode(in, inOffset, inLength, out, outOffset, outLength);
        } finally {
            release();
            Reference.reachabilityFence(in);
            Reference.reachabilityFence(out);
        }
    }

    /** Apart from {@link #inflate}, whose calls mostly deliver what waits: these store no reference, which costs a barrier. */
    private Status decode(MemorySegment in, long inOffset, long inLength, MemorySegment out, long outOffset, long outLength)
            throws InflateException {
        target = out;
        targetOffset = outOffset;
        targetLength = outLength;
        targetInPlace = outLength >= DIRECT_MINIMUM && Ram.isInPlace(out);
        try {
            return inLength == 0 || inLength > Ram.SMALL_PIECE && Ram.isInPlace(in)
                    ? piece(in.address() + inOffset, inLength, false, false)
                    : staged(in, inOffset, inLength);
        } finally {
            target = MemorySegment.NULL;
        }
    }

    /** What waits fills the output, or nothing can follow it: the state of the stream need not be looked at, nor the input. */
    private Status deliverAlone(MemorySegment out, long offset, long bytes) {
        Ram.copyOut(delivered, out, offset, bytes);
        delivered += bytes;
        produced = bytes;
        totalOut += bytes;
        return delivered == symbols.out ? Status.NEED_INPUT : Status.NEED_OUTPUT;
    }

    /**
     * Input that may vanish under our hands is copied first, by the accesses that its scope guards; and so is a small piece,
     * because behind the copy some bytes may be read, and the fast loop gets further.
     */
    private Status staged(MemorySegment in, long offset, long length) throws InflateException {
        Status status;
        do {
            long bytes = Math.min(length - consumed, Workspace.STAGE_BYTES);
            Ram.copyIn(in, offset + consumed, workspace.stage, bytes);
            status = piece(workspace.stage, bytes, true, bytes < length - consumed);
        } while (status == Status.NEED_INPUT && consumed < length);
        return status;
    }

    private Status piece(long address, long length, boolean padded, boolean more) throws InflateException {
        input.begin(address, length, padded);
        moreFollows = more;
        starved = false;
        try {
            return driveAndCount();
        } catch (Error brokenOff) { // half done, the place of the output may be the caller's; there may be no room to call or allocate
            symbols.out = workspace.window;
            delivered = workspace.window;
            history = 0;
            starved = false;
            failureOffset = totalIn;
            phase = Phase.FAILED;
            failure = BROKEN_OFF;
            throw brokenOff;
        }
    }

    private Status driveAndCount() throws InflateException {
        Status status = null;
        try {
            status = drive();
            return status;
        } finally {
            if (status != Status.NEED_INPUT && !starved) {
                input.giveBack(); // otherwise what was read ahead begins an element that is not complete
            }
            long used = input.finish();
            consumed += used;
            totalIn += used;
        }
    }

    private Status drive() throws InflateException {
        if (mayDeliverLater()) {
            body();
        }
        for (;;) {
            if (symbols.out != delivered && !deliver()) {
                return Status.NEED_OUTPUT;
            }
            if (starved) {
                return Status.NEED_INPUT;
            }
            Status status = switch (phase) {
                case HEADER -> header();
                case BODY -> body();
                case TRAILER -> trailer();
                case BETWEEN_MEMBERS -> betweenMembers();
                case FINISHED -> finished();
                case FAILED -> throw new InflateException(failure, failureOffset);
            };
            if (status != null) {
                return status;
            }
        }
    }

    /** A little that waits goes out with what is decoded behind it: one copy of all that has room, in place of two odd ones. */
    private boolean mayDeliverLater() {
        return phase == Phase.BODY && symbols.out != delivered && windowEnd() - symbols.out >= LOOKAHEAD;
    }

    private long windowEnd() {
        return workspace.window + Workspace.WINDOW_BYTES;
    }

    private @Nullable Status header() {
        return switch (envelope.header()) {
            case INPUT -> Status.NEED_INPUT;
            case OUTPUT -> Status.NEED_DICTIONARY;
            case ERROR -> fail(envelope.error());
            case END -> {
                phase = Phase.BODY;
                yield null;
            }
        };
    }

    private @Nullable Status body() {
        BlockDecoder.Stop stop = mayDecodeInPlace() ? decodeInPlace() : decodeToWindow();
        if (options.ratioLimit() != Long.MAX_VALUE && passesRatio()) {
            return fail("ratio limit exceeded");
        }
        switch (stop) {
            case INPUT -> starved = true;
            case ERROR -> {
                return fail(decoder.error());
            }
            case END -> phase = Phase.TRAILER;
            case OUTPUT -> { }
        }
        return null;
    }

    /** Once the output of this call holds all that a match may reach back to, the window is not needed. */
    private boolean mayDecodeInPlace() {
        return targetInPlace && room() >= DIRECT_MINIMUM && produced >= history && symbols.out == delivered;
    }

    private long room() {
        return Math.min(targetLength - produced, options.outputLimit() - totalOut);
    }

    private BlockDecoder.Stop decodeInPlace() {
        long start = target.address() + targetOffset;
        symbols.out = start + produced;
        symbols.oldest = symbols.out - history;
        BlockDecoder.Stop stop;
        do {
            long from = symbols.out;
            symbols.outLimit = from + Math.min(DIRECT_CHUNK, room() - SymbolLoop.OUTPUT_MARGIN);
            stop = decoder.run();
            long bytes = symbols.out - from;
            envelope.update(from, bytes);
            produced += bytes;
            totalOut += bytes;
            history = Math.min(history + bytes, Workspace.HISTORY_BYTES);
        } while (stop == BlockDecoder.Stop.OUTPUT && room() >= DIRECT_MINIMUM
                && (options.ratioLimit() == Long.MAX_VALUE || !passesRatio()));
        moveToWindow();
        return stop;
    }

    /** The next call may bring another output segment: what matches may reach back to is kept here. */
    private void moveToWindow() {
        Ram.copy(symbols.out - history, workspace.window, history);
        symbols.out = workspace.window + history;
        delivered = symbols.out;
    }

    private BlockDecoder.Stop decodeToWindow() {
        long end = windowEnd();
        if (end - symbols.out < LOOKAHEAD) {
            moveToWindow();
        }
        long from = symbols.out;
        symbols.oldest = from - history;
        symbols.outLimit = Math.min(end, delivered + Math.max(LOOKAHEAD, room()));
        BlockDecoder.Stop stop = decoder.run();
        long bytes = symbols.out - from;
        envelope.update(from, bytes);
        history = Math.min(history + bytes, Workspace.HISTORY_BYTES);
        return stop;
    }

    /** @return whether everything that was decoded has been delivered */
    private boolean deliver() throws InflateException {
        long bytes = Math.min(symbols.out - delivered, room());
        Ram.copyOut(delivered, target, targetOffset + produced, bytes);
        delivered += bytes;
        produced += bytes;
        totalOut += bytes;
        if (delivered != symbols.out && totalOut == options.outputLimit()) {
            delivered = symbols.out;
            fail("output limit exceeded");
        }
        return delivered == symbols.out;
    }

    private boolean passesRatio() {
        long out = totalOut + (symbols.out - delivered);
        return out > RATIO_GRACE && out / options.ratioLimit() > totalIn + input.used();
    }

    private @Nullable Status trailer() {
        return switch (envelope.trailer()) {
            case INPUT -> Status.NEED_INPUT;
            case ERROR -> fail(envelope.error());
            case OUTPUT, END -> {
                input.giveBack();
                phase = options.multiMember() && envelope.isGzip() ? Phase.BETWEEN_MEMBERS : Phase.FINISHED;
                yield null;
            }
        };
    }

    private @Nullable Status betweenMembers() {
        if (!input.need(16)) {
            boolean mayBegin = input.count == 0 || input.peek(8) == (Envelope.GZIP_MAGIC & 0xFF);
            if (mayBegin && moreFollows) {
                input.giveBack(); // the next piece begins with it, and has what follows it
                return Status.NEED_INPUT;
            }
            if (mayBegin) {
                return input.count == 0 ? Status.DONE : Status.NEED_INPUT;
            }
        } else if (input.peek(16) == Envelope.GZIP_MAGIC) {
            decoder.reset();
            envelope.reset();
            history = 0;
            phase = Phase.HEADER;
            return null;
        }
        input.giveBack();
        phase = Phase.FINISHED;
        return null;
    }

    private @Nullable Status finished() {
        if (options.trailingData() == TrailingData.LEAVE) {
            return Status.DONE;
        }
        if (input.next < input.end || input.count > 0) {
            if (options.trailingData() == TrailingData.REFUSE) {
                return fail("trailing data");
            }
            input.next = input.end;
            input.reset();
        }
        return moreFollows ? Status.NEED_INPUT : Status.DONE;
    }

    /** The error itself is thrown when all that came before it has been delivered. */
    private @Nullable Status fail(String reason) {
        failure = reason;
        failureOffset = totalIn + input.used();
        phase = Phase.FAILED;
        starved = false;
        return null;
    }

    /**
     * Gives the stream the bytes that it was compressed against: when {@link #inflate} has asked for them, or, for
     * {@link Format#RAW}, before the first call. Of a longer dictionary the last 32 KiB count.
     *
     * @param dictionary the bytes, which are copied
     * @throws IllegalArgumentException if it is not the one with {@link #dictionaryId()}
     * @throws IllegalStateException if the stream does not want a dictionary now
     */
    public void setDictionary(MemorySegment dictionary) {
        acquire();
        try {
            boolean beforeRaw = options.format() == Format.RAW && phase == Phase.HEADER;
            if (!beforeRaw && !envelope.needsDictionary()) {
                throw new IllegalStateException("phase=" + phase + ": the stream does not want a dictionary now");
            }
            int id = Adler32.update(Adler32.INITIAL, dictionary);
            if (!beforeRaw && id != envelope.dictionaryId()) {
                throw new IllegalArgumentException("Adler-32 of dictionary=" + Integer.toHexString(id)
                        + ", but the stream wants " + Integer.toHexString(envelope.dictionaryId()));
            }
            long bytes = Math.min(dictionary.byteSize(), Workspace.HISTORY_BYTES);
            MemorySegment.copy(dictionary, dictionary.byteSize() - bytes, Native.EVERYTHING, workspace.window, bytes);
            history = bytes;
            symbols.out = workspace.window + bytes;
            delivered = symbols.out;
            envelope.dictionarySet();
        } finally {
            release();
        }
    }

    /** {@return the Adler-32 of the dictionary that the stream wants; 0 before it said so} */
    public int dictionaryId() {
        return envelope.dictionaryId();
    }

    /** {@return the header of the gzip member begun last, or null while there is none} */
    public @Nullable GzipHeader gzipHeader() {
        acquire();
        try {
            return envelope.gzipHeader();
        } finally {
            release();
        }
    }

    /** {@return the window that the zlib header declares, as a power of two, 8 to 15; 0 before it and in other formats} */
    public int windowBits() {
        return envelope.declaredWindowBits();
    }

    /** {@return how many bytes of input the last call took; 0 after one that was refused} */
    public long consumed() {
        return consumed;
    }

    /** {@return how many bytes of output the last call wrote; 0 after one that was refused} */
    public long produced() {
        return produced;
    }

    /** {@return how many bytes were consumed since the start or {@link #reset}} */
    public long totalIn() {
        return totalIn;
    }

    /** {@return how many bytes were produced since the start or {@link #reset}} */
    public long totalOut() {
        return totalOut;
    }

    private void acquire() {
        enter();
        if (closed) {
            release();
            throw new IllegalStateException("closed=true: the inflater has no memory any more");
        }
    }

    private void enter() {
        if (!turns.enter()) {
            throw new IllegalStateException("busy=true: another thread is using this inflater");
        }
    }

    private void release() {
        turns.leave();
    }
}
