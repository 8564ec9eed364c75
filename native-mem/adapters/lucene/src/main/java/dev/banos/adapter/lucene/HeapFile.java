package dev.banos.adapter.lucene;

import dev.banos.bindings.Native;
import dev.banos.mem.Heap;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.NoSuchFileException;
import java.util.function.Consumer;
import org.apache.lucene.store.AlreadyClosedException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one file: one block, which grows while the file is written and is read as one segment afterwards.
 *
 * <pre>
 *   written, through its stream -> complete: a segment with a lifetime -> free
 * </pre>
 *
 * <p>It is held by its name in the directory, by its stream and by each input that was opened; when the last lets go, or when
 * the directory closes, first the segment's lifetime ends, which the JVM makes known to threads that are reading, and then the
 * block is freed.
 */
final class HeapFile {
    /** Large enough to be aligned as Lucene aligns vectors, and to grow in steps that stay so. */
    private static final long FIRST_BYTES = 1024;
    private static final long ALIGNMENT = 64;

    private final String name;
    private final Heap heap;
    private final Consumer<HeapFile> whenFree;

    private int holders = 1;
    private boolean free;
    /** 0 while there is nothing in the file. */
    private long address;
    private long capacity;
    private long length;
    /** Null until the file is complete. */
    private @Nullable Arena lifetime;
    private @Nullable MemorySegment content;

    HeapFile(String name, Heap heap, Consumer<HeapFile> whenFree) {
        this.name = name;
        this.heap = heap;
        this.whenFree = whenFree;
    }

    String name() {
        return name;
    }

    synchronized long length() {
        return length;
    }

    /** Where the file is written to; to be asked for once. Its close completes the file. */
    synchronized OutputStream stream() {
        OutputStream stream = new Appends();
        holders++; // afterwards: what there is no room for in Java's heap lets go of nothing
        return stream;
    }

    /** @return an input at the beginning, or null while the file is being written */
    synchronized @Nullable HeapIndexInput open() throws NoSuchFileException {
        if (free) {
            throw new NoSuchFileException(name);
        }
        if (content == null) {
            return null;
        }
        HeapIndexInput input = new HeapIndexInput(this, content);
        holders++;
        return input;
    }

    /** One holder lets go. */
    synchronized void release() {
        holders--;
        freeIfUnheld();
    }

    /** For a file that native code still had when its last holder let go. */
    synchronized void freeIfUnheld() {
        if (holders == 0) {
            boolean ignored = destroy(); // it is among the deleted, and will be asked again
        }
    }

    /**
     * Frees the file whoever holds it.
     *
     * @return whether it is free now; not while a native call, or a channel, has its bytes: then nothing has changed
     */
    synchronized boolean destroy() {
        if (!free) {
            if (!endLifetime()) {
                return false;
            }
            heap.free(address);
            address = 0;
            content = null;
            free = true;
        }
        whenFree.accept(this);
        return true;
    }

    private boolean endLifetime() {
        if (lifetime == null || !lifetime.scope().isAlive()) {
            return true;
        }
        try {
            lifetime.close();
            return true;
        } catch (IllegalStateException inNativeCode) {
            return false;
        }
    }

    private void requireAlive() {
        if (free) {
            throw new AlreadyClosedException("file " + name + " is gone with its directory");
        }
    }

    private synchronized void append(byte[] bytes, int offset, int count) throws IOException {
        requireAlive();
        if (content != null) { // its readers have the block's address, which growing would change
            throw new AlreadyClosedException("file " + name + " is complete: its output is closed");
        }
        if (count > capacity - length) {
            grow(length + count);
        }
        MemorySegment.copy(bytes, offset, Native.EVERYTHING, ValueLayout.JAVA_BYTE, address + length, count);
        length += count;
    }

    private synchronized void complete() {
        if (free) {
            return; // the directory was closed meanwhile, and the output has nothing to say to that
        }
        if (length > 0) {
            cut();
        }
        lifetime = Arena.ofShared();
        content = Native.segment(address, length, lifetime, null);
    }

    /** To the length. All that was written is there: where the heap has no room for a smaller block, the file keeps its own. */
    private void cut() {
        boolean ignored = resize(rounded(length));
    }

    private static long rounded(long bytes) {
        return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /**
     * By half of what the file has, so that it grows seldom; where the heap refuses that, by half of that, and so on, down to what
     * is needed: so a file may have all of the heap, and near its limit, too, grows seldom.
     */
    private void grow(long needed) throws IOException {
        long ahead = capacity / 2;
        while (!resize(rounded(Math.max(FIRST_BYTES, Math.max(needed, capacity + ahead))))) {
            if (capacity + ahead <= needed) {
                throw new IOException("file " + name + ": " + rounded(needed) + " bytes of native memory: " + heap.budget());
            }
            ahead /= 2;
        }
    }

    private boolean resize(long bytes) {
        long moved = heap.realloc(address, bytes);
        if (moved != 0) {
            address = moved;
            capacity = bytes;
        }
        return moved != 0;
    }

    private final class Appends extends OutputStream {
        private boolean closed;

        @Override
        public void write(int b) throws IOException {
            append(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            append(bytes, offset, count);
        }

        @Override
        public void close() throws IOException {
            if (closed) {
                return;
            }
            closed = true;
            try {
                complete();
            } finally {
                release();
            }
        }
    }
}
