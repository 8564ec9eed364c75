package dev.banos.adapter.lucene;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.lucene.store.BaseDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.LockFactory;
import org.apache.lucene.store.OutputStreamIndexOutput;
import org.apache.lucene.store.SingleInstanceLockFactory;

/**
 * A directory of Lucene whose files are blocks of a heap: not on disk, and not on Java's heap.
 *
 * <p>A file's memory goes back at its {@link #deleteFile}, or when the last input that was open on it then is closed. All of it goes
 * back at {@link #close}. If a native call or a channel is using a file's bytes at that moment, they are freed later: when a
 * file is made or deleted, or at the close.
 *
 * <pre>{@code
 *   try (HeapDirectory directory = new HeapDirectory(); IndexWriter writer = new IndexWriter(directory, config)) { ... }
 * }</pre>
 *
 * <p>At the heap's limit, Lucene meets a full disk: the write throws an {@link IOException}.
 */
public final class HeapDirectory extends BaseDirectory {
    private static final int BUFFER_BYTES = 8192;

    private final Heap heap;
    private final boolean ownsHeap;
    private final ConcurrentHashMap<String, HeapFile> files = new ConcurrentHashMap<>();
    /** Those that were deleted while they were in use, until they are free: at the latest when the next comes, or goes. */
    private final Set<HeapFile> deleted = ConcurrentHashMap.newKeySet();
    private final AtomicLong temporary = new AtomicLong();
    /** Of those who take a name from a file, and of the close: a file has its name, or is among the deleted, or is free. */
    private final Object names = new Object();

    /** A directory with a heap of its own, which its close closes. */
    public HeapDirectory() {
        this(Heap.create(HeapOptions.shared().named("lucene")), true, new SingleInstanceLockFactory());
    }

    /**
     * A directory in a heap that may have a limit, and other blocks.
     *
     * @param heap one for all threads; it stays open
     */
    public HeapDirectory(Heap heap) {
        this(heap, new SingleInstanceLockFactory());
    }

    /**
     * A directory as {@link #HeapDirectory(Heap)}, with locks of another kind.
     *
     * @param heap one for all threads; it stays open
     * @param locks Lucene's, which keep a second writer out of the directory
     */
    public HeapDirectory(Heap heap, LockFactory locks) {
        this(heap, false, locks);
    }

    private HeapDirectory(Heap heap, boolean ownsHeap, LockFactory locks) {
        super(locks);
        this.heap = Objects.requireNonNull(heap, "heap");
        this.ownsHeap = ownsHeap;
    }

    /** {@return the heap where the files are, with its statistics and its budget} */
    public Heap heap() {
        return heap;
    }

    @Override
    public String[] listAll() {
        ensureOpen();
        return files.keySet().stream().sorted().toArray(String[]::new);
    }

    /** How many were deleted and are not free. */
    int deletedFiles() {
        return deleted.size();
    }

    @Override
    public void deleteFile(String name) throws IOException {
        ensureOpen();
        deleted.forEach(HeapFile::freeIfUnheld);
        HeapFile file;
        synchronized (names) {
            file = existing(name);
            deleted.add(file);
            files.remove(name);
        }
        file.release();
    }

    /** What of the file has left its output's buffer. */
    @Override
    public long fileLength(String name) throws IOException {
        ensureOpen();
        return existing(name).length();
    }

    private HeapFile existing(String name) throws IOException {
        HeapFile file = files.get(name);
        if (file == null) {
            throw new NoSuchFileException(name);
        }
        return file;
    }

    @Override
    public IndexOutput createOutput(String name, IOContext context) throws IOException {
        ensureOpen();
        HeapFile file = new HeapFile(name, heap, deleted::remove);
        if (files.putIfAbsent(name, file) != null) {
            throw new FileAlreadyExistsException(name);
        }
        return output(file);
    }

    @Override
    public IndexOutput createTempOutput(String prefix, String suffix, IOContext context) {
        ensureOpen();
        while (true) {
            String name = getTempFileName(prefix, suffix, temporary.getAndIncrement());
            HeapFile file = new HeapFile(name, heap, deleted::remove);
            if (files.putIfAbsent(name, file) == null) {
                return output(file);
            }
        }
    }

    private IndexOutput output(HeapFile file) {
        boolean made = false;
        try {
            deleted.forEach(HeapFile::freeIfUnheld);
            String description = "HeapDirectory output (file=" + file.name() + ")";
            IndexOutput output = new OutputStreamIndexOutput(description, file.name(), file.stream(), BUFFER_BYTES);
            ensureOpen(); // also now: a close since the caller looked may have missed this file
            made = true;
            return output;
        } finally {
            if (!made) { // nobody has the output: the name goes, and nothing keeps the file
                files.remove(file.name(), file);
                boolean ignored = file.destroy(); // which nobody reads
            }
        }
    }

    @Override
    public IndexInput openInput(String name, IOContext context) throws IOException {
        ensureOpen();
        IndexInput input = existing(name).open();
        if (input == null) {
            throw new AccessDeniedException(name, null, "it is still being written");
        }
        return input;
    }

    @Override
    public void rename(String source, String dest) throws IOException {
        synchronized (names) {
            ensureOpen(); // for a close that is under way would not find what moves behind its back
            HeapFile file = existing(source);
            if (files.putIfAbsent(dest, file) != null) {
                throw new FileAlreadyExistsException(dest);
            }
            files.remove(source);
        }
    }

    /** Does nothing: there is no disk. */
    @Override
    public void sync(Collection<String> names) {
        ensureOpen();
    }

    /** Does nothing: there is no disk. */
    @Override
    public void syncMetaData() {
        ensureOpen();
    }

    /** None: a file that is deleted while it is read is no longer there for anyone else. */
    @Override
    public Set<String> getPendingDeletions() {
        return Set.of();
    }

    /**
     * Frees every file, also those that are open: their inputs and outputs are closed from now on.
     *
     * @throws IllegalStateException when a native call, or a channel, has bytes of a file just now; all others are free then, and
     *     another close frees that one
     */
    @Override
    public void close() {
        isOpen = false;
        List<String> held = new ArrayList<>();
        synchronized (names) {
            destroy(files.values(), held);
            destroy(deleted, held);
        }
        if (!held.isEmpty()) {
            throw new IllegalStateException("a native call or a channel has bytes of the files " + held + " of " + heap
                    + ": when it has returned, close the directory again");
        }
        if (ownsHeap) {
            heap.close();
        }
    }

    private static void destroy(Collection<HeapFile> files, List<String> held) {
        files.removeIf(file -> {
            boolean free = file.destroy();
            if (!free) {
                held.add(file.name());
            }
            return free;
        });
    }
}
