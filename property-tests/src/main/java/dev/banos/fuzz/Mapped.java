package dev.banos.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Asks the kernel which pages are mapped: a block that is not must be found without touching it. */
final class Mapped {
    static final long PAGE = 4096;
    private static final int NO_FILE = -1;

    /** mincore writes a byte a page here: its lowest bit says whether the page is in memory. */
    private static final MemorySegment VECTOR = Arena.global().allocate(1 << 14);
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(SystemCalls.STATE));

    private Mapped() {
    }

    /** Whether the page at this address, a multiple of {@link #PAGE}, is mapped and in memory. */
    static boolean isResident(long page) {
        return SystemCalls.mincore(STATE.get(), page, PAGE, VECTOR) == 0 && (VECTOR.get(JAVA_BYTE, 0) & 1) != 0;
    }

    /** Maps a page there, without access, unless something else is there already; whether it did. */
    static boolean fence(long page) {
        long at = SystemCalls.mmap(STATE.get(), page, PAGE, Linux.PROT_NONE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_FIXED_NOREPLACE(), NO_FILE, 0);
        if (at > 0 && at != page) {
            unfence(at); // a kernel that does not know the flag
        }
        return at == page;
    }

    /** Takes a fence away. */
    static void unfence(long page) {
        SystemCalls.munmap(STATE.get(), page, PAGE);
    }

    /** Whether every page of the range is mapped. */
    static boolean isWhole(long address, long bytes) {
        long end = address + Math.max(bytes, 1);
        long most = VECTOR.byteSize() * PAGE;
        for (long at = address & -PAGE; at < end; at += most) {
            if (SystemCalls.mincore(STATE.get(), at, Math.min(most, end - at), VECTOR) != 0) {
                return false;
            }
        }
        return true;
    }
}
