package dev.banos.adapter.lucene;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.MemorySegmentAccessInput;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file, or a slice of one, from its segment, which checks bounds and lifetime; what it refuses becomes the exception that
 * Lucene expects. After the close of the input that was opened its clones and slices are closed too.
 */
final class HeapIndexInput extends IndexInput implements MemorySegmentAccessInput {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    /** The opening of a file, with all clones and slices of the input. */
    private static final class Opening {
        private final HeapFile file;
        private final AtomicBoolean closed = new AtomicBoolean();

        Opening(HeapFile file) {
            this.file = file;
        }
    }

    private final Opening opening;
    /** Whether this is the input that was opened, whose close is everyone's. */
    private final boolean opened;
    private final long length;
    /** Null after this input's own close. */
    private @Nullable MemorySegment content;
    private long position;

    HeapIndexInput(HeapFile file, MemorySegment content) {
        this("HeapIndexInput (file=" + file.name() + ")", new Opening(file), true, content);
    }

    private HeapIndexInput(String description, Opening opening, boolean opened, MemorySegment content) {
        super(description);
        this.opening = opening;
        this.opened = opened;
        this.content = content;
        this.length = content.byteSize();
    }

    @Override
    public void close() {
        content = null;
        if (opened && opening.closed.compareAndSet(false, true)) {
            opening.file.release();
        }
    }

    @Override
    public long getFilePointer() {
        content();
        return position;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void seek(long to) throws EOFException {
        if (to < 0) {
            throw new IllegalArgumentException("Seeking to negative position: " + to + ": " + this);
        }
        content();
        if (to > length) {
            throw pastEnd(to);
        }
        position = to;
    }

    @Override
    public byte readByte() throws IOException {
        byte value = readByte(position);
        position++;
        return value;
    }

    @Override
    public short readShort() throws IOException {
        short value = readShort(position);
        position += Short.BYTES;
        return value;
    }

    @Override
    public int readInt() throws IOException {
        int value = readInt(position);
        position += Integer.BYTES;
        return value;
    }

    @Override
    public long readLong() throws IOException {
        long value = readLong(position);
        position += Long.BYTES;
        return value;
    }

    @Override
    public void readBytes(byte[] to, int offset, int count) throws IOException {
        readBytes(position, to, offset, count);
        position += count;
    }

    @Override
    public void readInts(int[] to, int offset, int count) throws IOException {
        try {
            MemorySegment.copy(content(), INT, position, to, offset, count);
        } catch (RuntimeException e) {
            throw refused(e, position, (long) count * Integer.BYTES);
        }
        position += (long) count * Integer.BYTES;
    }

    @Override
    public void readLongs(long[] to, int offset, int count) throws IOException {
        try {
            MemorySegment.copy(content(), LONG, position, to, offset, count);
        } catch (RuntimeException e) {
            throw refused(e, position, (long) count * Long.BYTES);
        }
        position += (long) count * Long.BYTES;
    }

    @Override
    public void readFloats(float[] to, int offset, int count) throws IOException {
        try {
            MemorySegment.copy(content(), FLOAT, position, to, offset, count);
        } catch (RuntimeException e) {
            throw refused(e, position, (long) count * Float.BYTES);
        }
        position += (long) count * Float.BYTES;
    }

    @Override
    public byte readByte(long at) throws IOException {
        try {
            return content().get(BYTE, at);
        } catch (RuntimeException e) {
            throw refused(e, at, Byte.BYTES);
        }
    }

    @Override
    public short readShort(long at) throws IOException {
        try {
            return content().get(SHORT, at);
        } catch (RuntimeException e) {
            throw refused(e, at, Short.BYTES);
        }
    }

    @Override
    public int readInt(long at) throws IOException {
        try {
            return content().get(INT, at);
        } catch (RuntimeException e) {
            throw refused(e, at, Integer.BYTES);
        }
    }

    @Override
    public long readLong(long at) throws IOException {
        try {
            return content().get(LONG, at);
        } catch (RuntimeException e) {
            throw refused(e, at, Long.BYTES);
        }
    }

    @Override
    public void readBytes(long at, byte[] to, int offset, int count) throws IOException {
        try {
            MemorySegment.copy(content(), BYTE, at, to, offset, count);
        } catch (RuntimeException e) {
            throw refused(e, at, count);
        }
    }

    /** The bytes themselves, for Lucene's comparisons of vectors; never null, as a file is one block. */
    @Override
    public MemorySegment segmentSliceOrNull(long from, long count) throws IOException {
        try {
            return content().asSlice(from, count);
        } catch (RuntimeException e) {
            throw refused(e, from, count);
        }
    }

    @Override
    public HeapIndexInput clone() {
        HeapIndexInput clone = view(toString(), content());
        clone.position = position;
        return clone;
    }

    @Override
    public IndexInput slice(String description, long offset, long count) {
        if (offset < 0 || count < 0 || offset > length - count) {
            throw new IllegalArgumentException("slice() " + description + " out of bounds: offset=" + offset + ",length=" + count
                    + ",fileLength=" + length + ": " + this);
        }
        return view(getFullSliceDescription(description), content().asSlice(offset, count));
    }

    private HeapIndexInput view(String description, MemorySegment part) {
        return new HeapIndexInput(description, opening, false, part);
    }

    private MemorySegment content() {
        MemorySegment current = content;
        if (current == null || opening.closed.getPlain()) {
            throw alreadyClosed(null);
        }
        return current;
    }

    private AlreadyClosedException alreadyClosed(@Nullable Throwable cause) {
        return new AlreadyClosedException("Already closed: " + this, cause);
    }

    /** What a refusal of the segment is in Lucene's words. */
    private IOException refused(RuntimeException e, long at, long count) {
        if (e instanceof AlreadyClosedException) {
            throw e;
        }
        if (e instanceof IllegalStateException) { // the segment's lifetime has ended, with the directory
            throw alreadyClosed(e);
        }
        if (at < 0) {
            throw new IllegalArgumentException("Seeking to negative position: " + at + ": " + this, e);
        }
        if (at > length - count) {
            return pastEnd(at + count);
        }
        throw e; // the array has no room
    }

    private EOFException pastEnd(long end) {
        return new EOFException("seek past EOF: pos=" + end + ", length=" + length + ": " + this);
    }
}
