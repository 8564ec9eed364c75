package dev.banos.mem.hardened;

import dev.banos.bindings.Setting;
import dev.banos.lock.SpinLock;
import dev.banos.mem.slots.Domain;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file that names the mappings of hardened heaps, for whoever has the address of a fault and no process any more. It is
 * mapped, so what is written is there when the process has died. One line a mapping, all of one length, so that a line is
 * used again when its mapping is gone:
 *
 * <pre>
 *   00007f5b0a1e2000 00007f5b0a1fd000 a live block of 100000 bytes at 0x7f5b0a1e3960 (a mapping of its own), of malloc
 *   first address    behind the last, guards and all
 * </pre>
 */
public final class FaultRecord {
    static final int NONE = -1;
    static final int LINE_BYTES = 512;
    /** As many mappings as a process may have, by default. */
    private static final int LINES = 1 << 16;
    private static final long FILE_BYTES = (long) LINES * LINE_BYTES;

    private static final byte[] BLANK = line("");
    private static final SpinLock LOCK = new SpinLock();
    /** Null where no record is wanted. */
    private static final @Nullable Opened FILE = Setting.optional("banos.mem.faultRecord", FaultRecord::open);
    /** Lines that were used and are free, where there is a record. */
    private static final int[] IDLE = new int[FILE == null ? 0 : LINES];
    private static int idleCount;
    private static int next;

    private FaultRecord() {
    }

    /** @param lock keeps other processes from taking the file for theirs, for as long as somebody has it */
    private record Opened(MemorySegment lines, @Nullable FileLock lock) {
    }

    private static Opened open(String name) {
        boolean interrupted = Thread.interrupted(); // which would close the channel, and be the program's end for nothing
        try {
            return map(Path.of(name.replace("%p", Long.toString(ProcessHandle.current().pid()))));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static Opened map(Path name) {
        try (FileChannel file = FileChannel.open(name, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS)) {
            FileLock lock = Files.isRegularFile(name) ? lock(Path.of(name + ".lock")) : null; // beside a device there is no place
            file.truncate(0);
            takeRoom(file);
            return new Opened(file.map(MapMode.READ_WRITE, 0, FILE_BYTES, Arena.global()), lock);
        } catch (IOException refused) {
            throw new IllegalArgumentException("a file that can be written is accepted: " + refused, refused);
        }
    }

    /**
     * A file of its own, which stays open: a process gives its locks of a file away when it closes any descriptor of it, as a program
     * does that reads its record.
     */
    private static FileLock lock(Path beside) throws IOException {
        FileChannel file = FileChannel.open(beside, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        FileLock lock = null;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException ofAnotherCopy) {
            // of these classes, in a loader of its own
        }
        if (lock == null) {
            throw new IllegalArgumentException("another JVM writes that file now; with %p in its name, for the id of the process, each"
                    + " has one of its own");
        }
        return lock;
    }

    /** Where the disk has no room for a page of a mapped file, the write to it is a fault. */
    private static void takeRoom(FileChannel file) throws IOException {
        ByteBuffer zeroes = ByteBuffer.allocate(LINES);
        try {
            long at = 0;
            while (at < FILE_BYTES) {
                at += file.write(zeroes.rewind(), at);
            }
        } catch (IOException full) {
            file.truncate(0);
            throw full;
        }
    }

    /**
     * Names a mapping as it is now, again when that changes. Outside the locks, because stacks are behind a monitor. Where Java's
     * heap has no room for the text, the mapping has no line, or its old one.
     */
    public static void write(HardenedBlock block, Domain domain) {
        if (FILE == null) {
            return;
        }
        try {
            byte[] text = line(String.format("%016x %016x %s, of %s", block.mapping, block.mapping + block.mappingBytes,
                    block.describe(), domain));
            if (block.faultRecord == NONE) {
                block.faultRecord = takeLine();
            }
            if (block.faultRecord != NONE) {
                write(block.faultRecord, text);
            }
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // The file says less. The block is the caller's all the same.
        }
    }

    /** Before the mapping goes. */
    public static void erase(HardenedBlock block) {
        if (block.faultRecord != NONE) {
            write(block.faultRecord, BLANK);
            giveBackLine(block.faultRecord);
            block.faultRecord = NONE;
        }
    }

    private static byte[] line(String text) {
        byte[] bytes = new byte[LINE_BYTES];
        Arrays.fill(bytes, (byte) ' ');
        byte[] characters = text.replaceAll("\\p{Cntrl}", "?").getBytes(StandardCharsets.UTF_8);
        System.arraycopy(characters, 0, bytes, 0, Math.min(characters.length, LINE_BYTES - 1));
        bytes[LINE_BYTES - 1] = '\n';
        return bytes;
    }

    private static void write(int line, byte[] text) {
        MemorySegment.copy(text, 0, Objects.requireNonNull(FILE).lines, ValueLayout.JAVA_BYTE, (long) line * LINE_BYTES, LINE_BYTES);
    }

    private static int takeLine() {
        LOCK.lock();
        try {
            if (idleCount > 0) {
                return IDLE[--idleCount];
            }
            return next < LINES ? next++ : NONE;
        } finally {
            LOCK.unlock();
        }
    }

    private static void giveBackLine(int line) {
        LOCK.lock();
        try {
            IDLE[idleCount++] = line;
        } finally {
            LOCK.unlock();
        }
    }
}
