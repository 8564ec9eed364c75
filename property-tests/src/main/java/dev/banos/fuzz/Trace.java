package dev.banos.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.banos.bindings.FileTrouble;
import dev.banos.fuzz.program.Operations;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/**
 * The allocator calls that a program made, in order: the {@code mtrace} format, compressed with gzip, little-endian.
 * <pre>
 *  header   "MTRACE1\0" | u32 operations | u32 slots
 *  record   u32 operation | u32 slot | u32 size          (12 bytes each, {@code operations} of them)
 * </pre>
 * The low byte of {@code operation} is its kind; above it an {@link #ALIGNED} operation holds the logarithm of the
 * alignment. A replayer keeps one array of {@link #slots()} addresses: a malloc, calloc or aligned allocation fills an
 * empty slot, a realloc needs a full one, a free empties it. Every instance keeps these rules: {@link #read} checks them.
 */
public final class Trace {
    /** A malloc of {@link #size} bytes into an empty slot. */
    public static final int MALLOC = Operations.MALLOC;
    /** A calloc: as {@link #MALLOC}, of zeros. */
    public static final int CALLOC = Operations.CALLOC;
    /** A realloc: a full slot's block gets {@link #size} bytes. */
    public static final int REALLOC = Operations.REALLOC;
    /** An aligned allocation: as {@link #MALLOC}, with an {@link #alignment}. */
    public static final int ALIGNED = Operations.ALIGNED;
    /** A free of a full slot's block. */
    public static final int FREE = Operations.FREE;

    private static final byte[] MAGIC = "MTRACE1\0".getBytes(StandardCharsets.US_ASCII);
    private static final int KIND_MASK = 0xff;
    static final int LARGEST_LOG2 = 40;

    /** Both counts are far above what fits into this JVM's arrays and far above any recording that was met. */
    private static final int LARGEST_COUNT = 1 << 27;

    /** So many slots may be used sparsely; a trace that has more uses each, lest a few bytes ask for gigabytes. */
    private static final int SPARSE_SLOTS = 1 << 20;

    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final StructLayout HEADER = MemoryLayout.structLayout(
            MemoryLayout.sequenceLayout(MAGIC.length, ValueLayout.JAVA_BYTE).withName("magic"),
            U32.withName("operations"),
            U32.withName("slots"));

    private static final StructLayout RECORD = MemoryLayout.structLayout(
            U32.withName("operation"),
            U32.withName("slot"),
            U32.withName("size"));

    private static final VarHandle OPERATIONS = field(HEADER, "operations");
    private static final VarHandle SLOTS = field(HEADER, "slots");
    private static final VarHandle OPERATION = field(RECORD, "operation");
    private static final VarHandle SLOT = field(RECORD, "slot");
    private static final VarHandle SIZE = field(RECORD, "size");

    private final int slots;
    private final int[] operation;
    private final int[] slot;
    private final int[] size;

    private Trace(int slots, int[] operation, int[] slot, int[] size) {
        this.slots = slots;
        this.operation = operation;
        this.slot = slot;
        this.size = size;
    }

    /**
     * Reads a recording, and checks it.
     *
     * @param file the trace
     * @return the calls
     * @throws TraceException if the file cannot be read, is not a trace, or is damaged: one line that says where
     */
    public static Trace read(Path file) {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return read(in, file.toString());
        } catch (NoSuchFileException absent) {
            throw new TraceException(file + ": no such file", absent);
        } catch (ZipException | java.io.EOFException damaged) {
            String cause = damaged.getMessage() == null ? "it ends within the header" : damaged.getMessage();
            throw new TraceException(file + ": not a whole gzip file (" + cause + ")", damaged);
        } catch (IOException failed) {
            throw new TraceException(file + ": cannot be read (" + FileTrouble.cause(failed) + ")", failed);
        }
    }

    private static Trace read(InputStream in, String name) throws IOException {
        byte[] head = in.readNBytes((int) HEADER.byteSize());
        if (head.length < HEADER.byteSize() || !Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new TraceException(name + ": not a trace: it does not begin with MTRACE1");
        }
        MemorySegment header = MemorySegment.ofArray(head);
        int operations = count(name, "operations", (int) OPERATIONS.get(header, 0L));
        int slots = count(name, "slots", (int) SLOTS.get(header, 0L));
        byte[] body = in.readNBytes(operations <= Integer.MAX_VALUE / RECORD.byteSize()
                ? (int) (operations * RECORD.byteSize()) : Integer.MAX_VALUE);
        if (body.length < operations * RECORD.byteSize()) {
            throw new TraceException(name + ": damaged: its header promises " + operations + " operations, it holds "
                    + body.length / RECORD.byteSize());
        }
        if (in.read() >= 0) {
            throw new TraceException(name + ": damaged: there are bytes after its " + operations + " operations");
        }
        if (slots > Math.max(operations, SPARSE_SLOTS)) {
            throw new TraceException(name + ": damaged: its header promises " + slots + " slots for " + operations + " operations");
        }
        return decode(name, MemorySegment.ofArray(body), operations, slots);
    }

    private static int count(String name, String what, int count) {
        if (count < 0 || count > LARGEST_COUNT) {
            throw new TraceException(name + ": damaged: " + what + "=" + Integer.toUnsignedString(count)
                    + " is above " + LARGEST_COUNT);
        }
        return count;
    }

    private static Trace decode(String name, MemorySegment body, int operations, int slots) {
        Builder builder = new Builder(operations);
        for (int i = 0; i < operations; i++) {
            long at = i * RECORD.byteSize();
            try {
                builder.add((int) OPERATION.get(body, at), (int) SLOT.get(body, at), (int) SIZE.get(body, at), slots);
            } catch (IllegalArgumentException wrong) {
                throw new TraceException(name + ": damaged at operation " + i + ": " + wrong.getMessage(), wrong);
            }
        }
        if (slots != builder.slots) {
            throw new TraceException(name + ": damaged: its header promises " + slots + " slots, its operations use " + builder.slots);
        }
        return builder.build();
    }

    /**
     * Writes the recording to a file, in place of an existing one.
     *
     * @param file the trace
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(HEADER.byteSize() + size.length * RECORD.byteSize())]);
        bytes.asSlice(0, MAGIC.length).copyFrom(MemorySegment.ofArray(MAGIC));
        OPERATIONS.set(bytes, 0L, operation.length);
        SLOTS.set(bytes, 0L, slots);
        long at = HEADER.byteSize();
        for (int i = 0; i < operation.length; i++, at += RECORD.byteSize()) {
            OPERATION.set(bytes, at, operation[i]);
            SLOT.set(bytes, at, slot[i]);
            SIZE.set(bytes, at, size[i]);
        }
        try (OutputStream out = new GZIPOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            out.write((byte[]) bytes.heapBase().orElseThrow());
        }
    }

    /** {@return how many calls there are} */
    public int operations() {
        return operation.length;
    }

    /** {@return how many slots they use: one more than the highest} */
    public int slots() {
        return slots;
    }

    /**
     * {@return one of {@link #MALLOC}, {@link #CALLOC}, {@link #REALLOC}, {@link #ALIGNED}, {@link #FREE}}
     *
     * @param index of a call, from 0
     */
    public int kind(int index) {
        return operation[index] & KIND_MASK;
    }

    /**
     * {@return the slot that the call fills, changes or empties}
     *
     * @param index of a call, from 0
     */
    public int slot(int index) {
        return slot[index];
    }

    /**
     * {@return how many bytes the call asks for; 0 for a free}
     *
     * @param index of a call, from 0
     */
    public long size(int index) {
        return Integer.toUnsignedLong(size[index]);
    }

    /**
     * {@return the alignment in bytes; meant for an {@link #ALIGNED} operation}
     *
     * @param index of a call, from 0
     */
    public long alignment(int index) {
        return 1L << (operation[index] >>> Byte.SIZE);
    }

    private static VarHandle field(StructLayout layout, String name) {
        return layout.varHandle(PathElement.groupElement(name)).withInvokeExactBehavior();
    }

    /** Collects operations and keeps the rules of slots. */
    public static final class Builder {
        private int[] operation;
        private int[] slot;
        private int[] size;
        private int count;
        private int slots;
        private final java.util.BitSet full = new java.util.BitSet();

        /** A recording without a call. */
        public Builder() {
            this(64);
        }

        private Builder(int capacity) {
            operation = new int[capacity];
            slot = new int[capacity];
            size = new int[capacity];
        }

        /**
         * Adds one call.
         *
         * @param kind one of the five kinds
         * @param slot from 0: empty for an allocation, full for a realloc or a free
         * @param bytes up to 2^32 - 1
         * @param alignment bytes, for {@link #ALIGNED}; otherwise ignored
         * @return this builder
         * @throws IllegalArgumentException for a call that the format cannot hold, or when the slot is not as the call needs it
         */
        public Builder add(int kind, int slot, long bytes, long alignment) {
            if (bytes >>> Integer.SIZE != 0) {
                throw new IllegalArgumentException("bytes=" + bytes + " does not fit the format's 32 bits");
            }
            int log2 = kind == ALIGNED ? Long.numberOfTrailingZeros(alignment) : 0;
            add(kind | log2 << Byte.SIZE, slot, (int) bytes, Integer.MAX_VALUE);
            return this;
        }

        /** {@return the calls until now; the builder can be used further} */
        public Trace build() {
            return new Trace(slots, Arrays.copyOf(operation, count), Arrays.copyOf(slot, count), Arrays.copyOf(size, count));
        }

        private void add(int word, int index, int bytes, int bound) {
            check(word, index, bound);
            if (count == operation.length) {
                operation = Arrays.copyOf(operation, 2 * count + 1);
                slot = Arrays.copyOf(slot, 2 * count + 1);
                size = Arrays.copyOf(size, 2 * count + 1);
            }
            operation[count] = word;
            slot[count] = index;
            size[count++] = (word & KIND_MASK) == FREE ? 0 : bytes;
            slots = Math.max(slots, index + 1);
        }

        private void check(int word, int index, int bound) {
            int kind = word & KIND_MASK;
            if (kind > FREE) {
                throw new IllegalArgumentException("unknown operation " + kind);
            }
            if (word >>> Byte.SIZE > (kind == ALIGNED ? LARGEST_LOG2 : 0)) {
                throw new IllegalArgumentException("alignment 2^" + (word >>> Byte.SIZE) + " for operation " + kind);
            }
            if (index < 0 || index >= bound) {
                throw new IllegalArgumentException("slot=" + Integer.toUnsignedString(index) + " of " + bound);
            }
            boolean needsFull = kind == REALLOC || kind == FREE;
            if (full.get(index) != needsFull) {
                throw new IllegalArgumentException("slot=" + index + (needsFull ? " is empty" : " is already in use"));
            }
            full.set(index, kind != FREE);
        }
    }
}
