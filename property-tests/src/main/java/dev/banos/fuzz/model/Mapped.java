package dev.banos.fuzz.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.fuzz.program.Bytes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongConsumer;

/** Asks the kernel which pages are mapped: a block that is not must be found without touching it. */
public final class Mapped {
    private static final int NO_FILE = -1;

    /** mincore writes a byte a page here: its lowest bit says whether the page is in memory. */
    private static final MemorySegment VECTOR = Arena.global().allocate(1 << 14);
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(SystemCalls.STATE));

    private Mapped() {
    }

    /** Whether the page at this address, a multiple of {@link Bytes#PAGE}, is mapped and in memory. */
    static boolean isResident(long page) {
        return SystemCalls.mincore(STATE.get(), page, Bytes.PAGE, VECTOR) == 0 && (VECTOR.get(JAVA_BYTE, 0) & 1) != 0;
    }

    /** Shows the pages of the range that are in memory, by their addresses; none of a part that is not mapped. */
    static void forEachResident(long from, long end, LongConsumer seer) {
        long most = VECTOR.byteSize() * Bytes.PAGE;
        for (long at = from; at < end; at += most) {
            long bytes = Math.min(most, end - at);
            if (SystemCalls.mincore(STATE.get(), at, bytes, VECTOR) == 0) {
                for (long page = 0; page < bytes / Bytes.PAGE; page++) {
                    if ((VECTOR.get(JAVA_BYTE, page) & 1) != 0) {
                        seer.accept(at + page * Bytes.PAGE);
                    }
                }
            }
        }
    }

    /** Maps a page there, without access, unless something else is there already; whether it did. */
    static boolean fence(long page) {
        long at = map(page, Bytes.PAGE, Linux.MAP_FIXED_NOREPLACE());
        if (at != 0 && at != page) {
            unmap(at, Bytes.PAGE); // a kernel that does not know the flag
        }
        return at == page;
    }

    /** Maps so many bytes without access where the kernel likes; 0 if it does not. */
    static long reserve(long bytes) {
        return map(0, bytes, Linux.MAP_NORESERVE());
    }

    private static long map(long hint, long bytes, int flags) {
        long at = SystemCalls.mmap(STATE.get(), hint, bytes, Linux.PROT_NONE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | flags, NO_FILE, 0);
        return Math.max(at, 0);
    }

    /** Takes away what {@link #fence} or {@link #reserve} mapped. */
    public static void unmap(long address, long bytes) {
        SystemCalls.munmap(STATE.get(), address, bytes);
    }

    /** Whether every page of the range is mapped. */
    static boolean isWhole(long address, long bytes) {
        long end = address + Math.max(bytes, 1);
        long most = VECTOR.byteSize() * Bytes.PAGE;
        for (long at = address & -Bytes.PAGE; at < end; at += most) {
            if (SystemCalls.mincore(STATE.get(), at, Math.min(most, end - at), VECTOR) != 0) {
                return false;
            }
        }
        return true;
    }
}
