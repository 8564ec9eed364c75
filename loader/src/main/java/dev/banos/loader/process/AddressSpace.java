package dev.banos.loader.process;

import dev.banos.bindings.FileTrouble;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.thread.Tcb;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Finds room for modules in a window of the address space, maps it and unmaps it. There are two windows:
 *
 * <pre>
 *     0      64 KiB        2 GiB                     libc - 2 GiB        libc
 *     ├────────┼─── low ─────┤ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~┼──── near ─────┤
 * </pre>
 * What compilers make by default reaches {@code stdout} and its like by a signed 32-bit distance, so modules belong near
 * libc; objects made with -fno-pic hold their own addresses in 32 bits, so they must lie low. Nothing is reserved beforehand:
 * a module is mapped where {@code /proc/self/maps} shows a gap, never over another mapping, and is gone when it is unmapped.
 *
 * <p>Others may have filled the window near libc: glibc alone takes 64 MiB of it for a thread's blocks. The module then lies
 * anywhere, which is no harm to position-independent code; of other code the relocations are refused that do not reach.
 */
public final class AddressSpace {
    private static final long GUARD_BYTES = Architecture.PAGE_BYTES;
    private static final long REACH = 1L << 31;
    /** Room at the window's edges for libc's own extent, and for addends. */
    private static final long MARGIN = 32L << 20;
    /** As mmap returns errors. */
    private static final long NO_ROOM = -1;
    private static final long LOWEST_ADDRESS = 1L << 16;

    private static final AddressSpace LOW = new AddressSpace(LOWEST_ADDRESS, REACH - MARGIN, false);

    /** Where a function and a variable of libc lie decides its window: asked for once, at the first module. */
    private static final class Near {
        private static final AddressSpace NEAR = nearLibc();

        private static AddressSpace nearLibc() {
            long function = CLibrary.find("malloc");
            long variable = CLibrary.find("stdout");
            return new AddressSpace(Math.max(function, variable) - REACH + MARGIN, Math.min(function, variable), true);
        }
    }

    private final long lowest;
    private final long highest;
    /** Whether a module may lie elsewhere when there is no room. */
    private final boolean isWish;
    /** Where a module is likely to fit: behind the last one, or where one was unmapped. */
    private long hint;

    private AddressSpace(long lowest, long highest, boolean isWish) {
        this.lowest = lowest;
        this.highest = highest;
        this.isWish = isWish;
    }

    public static AddressSpace low() {
        return LOW;
    }

    public static AddressSpace near() {
        return Near.NEAR;
    }

    /**
     * Maps zeroed memory, readable and writable.
     *
     * @param file what messages call the module
     * @param full whether most of it is about to be written: the kernel then finds all pages at once, which costs less than a
     *             fault for each of them
     * @throws Refusal if the window or the system has no room left
     */
    public synchronized long map(String file, long size, long alignment, boolean full) {
        MemorySegment state = Tcb.current().segment();
        int flags = SystemCalls.MAP_PRIVATE | SystemCalls.MAP_ANONYMOUS | (full ? SystemCalls.MAP_POPULATE : 0);
        long wanted = align(hint, alignment);
        long address = hint == 0 || wanted + size > highest ? -1 : mapAt(state, wanted, size, flags);
        if (SystemCalls.isError(address)) {
            address = mapInGap(file, state, size, alignment, flags);
        }
        if (SystemCalls.isError(address) && isWish) {
            return mapAnywhere(file, state, size, alignment);
        }
        if (SystemCalls.isError(address)) {
            throw new Refusal(Refusal.ENOMEM, file, null, -1, "no room for " + size + " bytes between 0x"
                    + Long.toHexString(lowest) + " and 0x" + Long.toHexString(highest), "uninstall other drivers");
        }
        hint = address + size + GUARD_BYTES;
        return address;
    }

    /** Of the kernel's page; not asked where there is one size only. */
    public static long pageBytes() {
        return Architecture.hostMachine() == Elf.EM_X86_64 ? Architecture.PAGE_BYTES : Pages.BYTES;
    }

    private static final class Pages {
        private static final long BYTES = SystemCalls.sysconf(Tcb.current().segment(), Linux._SC_PAGESIZE());
    }

    /** Where there is room just now, for those who can only wish where they lie. */
    public synchronized long gap(String file, long size) {
        long address = map(file, size, Architecture.PAGE_BYTES, false);
        unmap(address, size);
        return address;
    }

    public synchronized void unmap(long address, long size) {
        require(SystemCalls.munmap(Tcb.current().segment(), address, size), "munmap", address);
        if (address >= lowest && address < highest) {
            hint = address;
        }
    }

    /**
     * @param file what messages call the module
     * @throws Refusal if the system does not do it: it may have no more mappings for the process, or forbid new code
     */
    public static void protect(String file, long address, long size, int protection) {
        int result = size == 0 ? 0 : SystemCalls.mprotect(Tcb.current().segment(), address, size, protection);
        if (result < 0) {
            throw new Refusal(-result, file, null, -1, "its memory cannot be protected: mprotect returned errno " + -result,
                    result == -Refusal.ENOMEM ? "raise the system's vm.max_map_count" : null);
        }
    }

    /** Never over an existing mapping, whoever else maps memory at the same time. A kernel before 4.17 takes the address for a wish. */
    private static long mapAt(MemorySegment state, long address, long size, int flags) {
        long mapped = SystemCalls.mmap(state, address, size, SystemCalls.PROT_READ | SystemCalls.PROT_WRITE,
                flags | SystemCalls.MAP_FIXED_NOREPLACE, -1, 0);
        if (mapped != address && !SystemCalls.isError(mapped)) {
            require(SystemCalls.munmap(state, mapped, size), "munmap", mapped);
            return NO_ROOM;
        }
        return mapped;
    }

    private static long mapAnywhere(String file, MemorySegment state, long size, long alignment) {
        long length = size + alignment;
        long start = SystemCalls.mmap(state, 0, length, SystemCalls.PROT_READ | SystemCalls.PROT_WRITE,
                SystemCalls.MAP_PRIVATE | SystemCalls.MAP_ANONYMOUS, -1, 0);
        if (SystemCalls.isError(start)) {
            throw new Refusal(Refusal.ENOMEM, file, null, -1, "no memory for " + size + " bytes", "raise the process's limits");
        }
        long address = align(start, alignment);
        long end = align(address + size, Architecture.PAGE_BYTES);
        unmapIfAny(state, start, address);
        unmapIfAny(state, end, align(start + length, Architecture.PAGE_BYTES));
        return address;
    }

    private static void unmapIfAny(MemorySegment state, long from, long to) {
        if (from < to) {
            require(SystemCalls.munmap(state, from, to - from), "munmap", from);
        }
    }

    /** Takes the lowest gap that fits: the kernel fills the neighbourhood of libc from above. */
    private long mapInGap(String file, MemorySegment state, long size, long alignment, int flags) {
        byte[] maps = readMaps(file);
        long end = lowest; // of the mapping before
        int at = 0;
        while (at < maps.length) {
            int dash = indexOf(maps, at, '-');
            long mappingStart = parseHex(maps, at, dash);
            long address = tryGap(state, end, mappingStart, size, alignment, flags);
            if (!SystemCalls.isError(address)) {
                return address;
            }
            int space = indexOf(maps, dash, ' ');
            end = Math.max(lowest, parseHex(maps, dash + 1, space));
            at = indexOf(maps, space, '\n') + 1;
        }
        return tryGap(state, end, highest, size, alignment, flags);
    }

    private long tryGap(MemorySegment state, long from, long to, long size, long alignment, int flags) {
        long start = align(from + GUARD_BYTES, alignment);
        boolean fits = start + size + GUARD_BYTES <= Math.min(to, highest);
        return fits ? mapAt(state, start, size, flags) : NO_ROOM;
    }

    private static byte[] readMaps(String file) {
        try (FileInputStream input = new FileInputStream("/proc/self/maps")) { // whose class a first load has, and no channel's
            return input.readAllBytes();
        } catch (IOException failed) {
            throw new Refusal(Refusal.EIO, file, null, -1, "no room can be found: /proc/self/maps cannot be read: "
                    + FileTrouble.cause(failed), null);
        }
    }

    private static int indexOf(byte[] text, int from, char wanted) {
        int at = from;
        while (at < text.length && text[at] != wanted) {
            at++;
        }
        return at;
    }

    private static long parseHex(byte[] text, int from, int to) {
        return Long.parseUnsignedLong(new String(text, from, to - from, StandardCharsets.ISO_8859_1), 16);
    }

    private static long align(long address, long alignment) {
        return address + alignment - 1 & -alignment;
    }

    private static void require(int result, String call, long address) {
        if (result < 0) {
            throw new IllegalStateException(call + " address=0x" + Long.toHexString(address) + " errno=" + -result);
        }
    }
}
