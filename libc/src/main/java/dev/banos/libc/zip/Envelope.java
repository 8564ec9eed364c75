package dev.banos.libc.zip;

import dev.banos.bindings.Native;
import dev.banos.libc.zip.BlockDecoder.Stop;
import dev.banos.libc.zip.Inflater.Format;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Checksum;
import org.jspecify.annotations.Nullable;

/**
 * What stands around a DEFLATE stream: nothing, or zlib's header and Adler-32 (RFC 1950), or gzip's header, CRC-32 and length
 * (RFC 1952). Accepts and refuses what zlib does, in its order and with its words.
 */
final class Envelope {
    private enum State {
        MAGIC, DICTIONARY_ID, DICTIONARY, FLAGS, TIME, SYSTEM, EXTRA_LENGTH, EXTRA, NAME, COMMENT, HEADER_CHECK,
        BODY, DATA_CHECK, LENGTH_CHECK, END
    }

    static final int GZIP_MAGIC = 0x8B1F;
    private static final int DEFLATED = 8;
    private static final int ZLIB_HEADER_MODULUS = 31;
    private static final int ZLIB_HAS_DICTIONARY = 0x20;
    private static final int TEXT = 0x01;
    private static final int HEADER_CHECK = 0x02;
    private static final int EXTRA = 0x04;
    private static final int NAME = 0x08;
    private static final int COMMENT = 0x10;
    private static final int RESERVED = 0xE0;

    private final BitInput input;
    private final Workspace workspace;
    private final Format format;
    private final int windowBits;
    private final ByteBuffer window;
    private final CRC32 crc = new CRC32();
    private final java.util.zip.Adler32 adler = new java.util.zip.Adler32();

    private State state = State.MAGIC;
    private String error = "";
    private boolean gzip;
    private int declaredWindowBits;
    private Checksum check;
    private long bodyBytes;
    private int dictionaryId;

    private int flags;
    private int headerCheck;
    private long time;
    private int extraFlags;
    private int system;
    private int extraLeft;
    private int extraLength;
    private int nameLength;
    private int commentLength;
    private boolean headerComplete;
    private long headerBytes;

    Envelope(BitInput input, Workspace workspace, Format format, int windowBits) {
        this.input = input;
        this.workspace = workspace;
        this.format = format;
        this.windowBits = windowBits;
        window = workspace.windowBuffer();
        reset();
    }

    void reset() {
        state = format == Format.RAW ? State.BODY : State.MAGIC;
        error = "";
        gzip = false;
        declaredWindowBits = 0;
        adler.reset();
        check = adler;
        bodyBytes = 0;
        dictionaryId = 0;
        flags = 0;
        headerComplete = false;
    }

    String error() {
        return error;
    }

    boolean isGzip() {
        return gzip;
    }

    int declaredWindowBits() {
        return declaredWindowBits;
    }

    int dictionaryId() {
        return dictionaryId;
    }

    boolean needsDictionary() {
        return state == State.DICTIONARY;
    }

    void dictionarySet() {
        state = State.BODY;
    }

    /** OUTPUT stands for a dictionary that is needed, END for a header that is complete. */
    Stop header() {
        Stop stop;
        do {
            stop = switch (state) {
                case MAGIC -> magic();
                case DICTIONARY_ID -> dictionaryIdentifier();
                case DICTIONARY -> Stop.OUTPUT;
                case FLAGS -> flags();
                case TIME -> time();
                case SYSTEM -> system();
                case EXTRA_LENGTH -> extraLength();
                case EXTRA -> extra();
                case NAME -> name();
                case COMMENT -> comment();
                case HEADER_CHECK -> headerCheck();
                default -> Stop.END;
            };
        } while (stop == null);
        return stop;
    }

    private @Nullable Stop magic() {
        if (!input.need(16)) {
            return Stop.INPUT;
        }
        int magic = input.peek(16);
        if (magic == GZIP_MAGIC && format != Format.ZLIB) {
            gzip = true;
            crc.reset();
            check = crc;
            headerCheck = Crc32.INITIAL;
            headerBytes = 0;
            takeHeader(2);
            state = State.FLAGS;
            return null;
        }
        input.drop(16); // before they are judged: an error's offset is behind them, however the input was cut
        int first = magic & 0xFF;
        int second = magic >>> 8;
        if (format == Format.GZIP || (first << 8 | second) % ZLIB_HEADER_MODULUS != 0) {
            return wrong("incorrect header check");
        }
        if ((first & 0x0F) != DEFLATED) {
            return wrong("unknown compression method");
        }
        declaredWindowBits = (first >>> 4) + 8;
        if (declaredWindowBits > windowBits) {
            return wrong("invalid window size");
        }
        state = (second & ZLIB_HAS_DICTIONARY) != 0 ? State.DICTIONARY_ID : State.BODY;
        return null;
    }

    private @Nullable Stop dictionaryIdentifier() {
        if (!input.need(32)) {
            return Stop.INPUT;
        }
        dictionaryId = Integer.reverseBytes((int) input.take32());
        state = State.DICTIONARY;
        return null;
    }

    private @Nullable Stop flags() {
        if (!input.need(16)) {
            return Stop.INPUT;
        }
        int methodAndFlags = takeHeader(2);
        flags = methodAndFlags >>> 8;
        nameLength = 0;
        commentLength = 0;
        extraLength = 0;
        if ((methodAndFlags & 0xFF) != DEFLATED) {
            return wrong("unknown compression method");
        }
        if ((flags & RESERVED) != 0) {
            return wrong("unknown header flags set");
        }
        state = State.TIME;
        return null;
    }

    private @Nullable Stop time() {
        if (!input.need(32)) {
            return Stop.INPUT;
        }
        time = Integer.toUnsignedLong(takeHeader(4));
        state = State.SYSTEM;
        return null;
    }

    private @Nullable Stop system() {
        if (!input.need(16)) {
            return Stop.INPUT;
        }
        int both = takeHeader(2);
        extraFlags = both & 0xFF;
        system = both >>> 8;
        state = (flags & EXTRA) != 0 ? State.EXTRA_LENGTH : State.NAME;
        return null;
    }

    private @Nullable Stop extraLength() {
        if (!input.need(16)) {
            return Stop.INPUT;
        }
        extraLeft = takeHeader(2);
        state = State.EXTRA;
        return null;
    }

    private @Nullable Stop extra() {
        for (; extraLeft > 0; extraLeft--) {
            if (!input.need(8)) {
                return Stop.INPUT;
            }
            extraLength = keep(workspace.extra, extraLength, takeHeader(1));
        }
        state = State.NAME;
        return null;
    }

    private @Nullable Stop name() {
        while ((flags & NAME) != 0) {
            if (!input.need(8)) {
                return Stop.INPUT;
            }
            int next = takeHeader(1);
            if (next == 0) {
                break;
            }
            nameLength = keep(workspace.name, nameLength, next);
        }
        state = State.COMMENT;
        return null;
    }

    private @Nullable Stop comment() {
        while ((flags & COMMENT) != 0) {
            if (!input.need(8)) {
                return Stop.INPUT;
            }
            int next = takeHeader(1);
            if (next == 0) {
                break;
            }
            commentLength = keep(workspace.comment, commentLength, next);
        }
        state = State.HEADER_CHECK;
        return null;
    }

    private @Nullable Stop headerCheck() {
        if ((flags & HEADER_CHECK) != 0) {
            if (!input.need(16)) {
                return Stop.INPUT;
            }
            headerBytes += Short.BYTES;
            if (input.take(16) != (headerCheck & 0xFFFF)) {
                return wrong("header crc mismatch");
            }
        }
        headerComplete = true;
        state = State.BODY;
        return null;
    }

    private int takeHeader(int bytes) {
        int value = (int) (input.bits & (1L << bytes * Byte.SIZE) - 1);
        input.drop(bytes * Byte.SIZE);
        headerCheck = Crc32.update(headerCheck, value, bytes);
        headerBytes += bytes;
        return value;
    }

    private static int keep(MemorySegment text, int length, int value) {
        if (length == text.byteSize()) {
            return length;
        }
        text.set(ValueLayout.JAVA_BYTE, length, (byte) value);
        return length + 1;
    }

    /**
     * Takes note of bytes of the body. Those in the window reach the engine through one buffer that stands ready: nothing is
     * allocated, however little the compiler has seen.
     */
    void update(long address, long bytes) {
        if (format == Format.RAW || bytes == 0) {
            return;
        }
        bodyBytes += bytes;
        long at = address - workspace.window;
        if (at >= 0 && at + bytes <= window.capacity()) {
            window.limit((int) (at + bytes)).position((int) at);
            check.update(window);
        } else {
            JavaUtilZip.feed(check, Native.EVERYTHING.asSlice(address, bytes));
        }
    }

    Stop trailer() {
        Stop stop;
        do {
            stop = switch (state) {
                case BODY -> endOfBody();
                case DATA_CHECK -> dataCheck();
                case LENGTH_CHECK -> lengthCheck();
                default -> Stop.END;
            };
        } while (stop == null);
        return stop;
    }

    private @Nullable Stop endOfBody() {
        input.alignToByte();
        state = format == Format.RAW ? State.END : State.DATA_CHECK;
        return null;
    }

    private @Nullable Stop dataCheck() {
        if (!input.need(32)) {
            return Stop.INPUT;
        }
        int stored = (int) input.take32();
        if ((gzip ? stored : Integer.reverseBytes(stored)) != (int) check.getValue()) {
            return wrong("incorrect data check");
        }
        state = gzip ? State.LENGTH_CHECK : State.END;
        return null;
    }

    private @Nullable Stop lengthCheck() {
        if (!input.need(32)) {
            return Stop.INPUT;
        }
        if ((int) input.take32() != (int) bodyBytes) {
            return wrong("incorrect length check");
        }
        state = State.END;
        return null;
    }

    /** The gzip header seen last, or null before its end. */
    @Nullable GzipHeader gzipHeader() {
        if (!headerComplete) {
            return null;
        }
        return new GzipHeader((flags & TEXT) != 0, time, extraFlags, system,
                (flags & EXTRA) != 0 ? bytes(workspace.extra, extraLength) : null,
                (flags & NAME) != 0 ? latin1(workspace.name, nameLength) : null,
                (flags & COMMENT) != 0 ? latin1(workspace.comment, commentLength) : null,
                (flags & HEADER_CHECK) != 0, headerBytes);
    }

    private static String latin1(MemorySegment text, int length) {
        return new String(bytes(text, length), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(MemorySegment text, int length) {
        return text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private Stop wrong(String message) {
        error = message;
        return Stop.ERROR;
    }
}
