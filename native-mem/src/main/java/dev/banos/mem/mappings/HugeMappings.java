package dev.banos.mem.mappings;

import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.Unmapping;

/**
 * Mappings that begin at a multiple of 2 MiB and ask for huge pages. They stay at such addresses while they grow: a huge page
 * is moved as one only if it is one at its new place, too.
 *
 * <pre>
 *   grow in place, if the addresses behind are free
 *     else  map a place | spare | new length | spare |  ->  unmap the spare  ->  move there
 *     else  as the kernel likes, by small pages from there on
 * </pre>
 */
final class HugeMappings {
    static final long PAGE_BYTES = 2L << 20;

    private HugeMappings() {
    }

    /** Asks for huge pages. Where the system has none that changes nothing. */
    static void advise(long address, long bytes) {
        int ignored = Kernel.wantHugePages(address, bytes);
    }

    static boolean isAligned(long address) {
        return address % PAGE_BYTES == 0;
    }

    /** @return where the block is now, or the kernel's error, and the block is as it was */
    static long grow(long address, long bytes, long newBytes) {
        long moved = isAligned(address) ? Kernel.growInPlace(address, bytes, newBytes) : Kernel.NO_ROOM;
        if (Kernel.failed(moved)) {
            moved = move(address, bytes, newBytes);
        }
        if (Kernel.failed(moved)) {
            moved = Kernel.resize(address, bytes, newBytes);
        }
        if (!Kernel.failed(moved) && isAligned(moved)) {
            advise(moved, newBytes);
        }
        return moved;
    }

    private static long move(long address, long bytes, long newBytes) {
        long place = addresses(newBytes, PAGE_BYTES);
        return Kernel.failed(place) ? place : Kernel.moveTo(address, bytes, place, newBytes);
    }

    /**
     * @param alignment a power of two of more than a page
     * @return the address of zeros, or the kernel's error
     */
    static long mapAligned(long bytes, long alignment) {
        long address = addresses(bytes, alignment);
        long refused = Kernel.failed(address) ? 0 : Kernel.allowAccess(address, bytes);
        if (Kernel.failed(refused)) {
            Unmapping.unmap(address, bytes);
            return refused;
        }
        return address;
    }

    /** Without access: the system would have to have memory for all of them, also where a page is to begin at a GiB. */
    private static long addresses(long bytes, long alignment) {
        long mapped = bytes + alignment - Kernel.PAGE_BYTES;
        long start = Kernel.mapWithoutAccess(mapped);
        if (Kernel.failed(start)) {
            return start;
        }
        long address = (start + alignment - 1) & -alignment;
        Unmapping.unmap(start, address - start);
        Unmapping.unmap(address + bytes, start + mapped - (address + bytes));
        return address;
    }
}
