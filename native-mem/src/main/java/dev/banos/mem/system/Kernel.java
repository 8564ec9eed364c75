package dev.banos.mem.system;

import static dev.banos.bindings.SystemCalls.EINVAL;
import static dev.banos.bindings.SystemCalls.ENOMEM;
import static dev.banos.bindings.SystemCalls.MADV_DONTNEED;
import static dev.banos.bindings.SystemCalls.MADV_DONTNEED_LOCKED;
import static dev.banos.bindings.SystemCalls.MADV_HUGEPAGE;
import static dev.banos.bindings.SystemCalls.MADV_POPULATE_WRITE;
import static dev.banos.bindings.SystemCalls.MADV_WILLNEED;
import static dev.banos.bindings.SystemCalls.MAP_ANONYMOUS;
import static dev.banos.bindings.SystemCalls.MAP_NORESERVE;
import static dev.banos.bindings.SystemCalls.MAP_POPULATE;
import static dev.banos.bindings.SystemCalls.MAP_PRIVATE;
import static dev.banos.bindings.SystemCalls.MREMAP_FIXED;
import static dev.banos.bindings.SystemCalls.MREMAP_MAYMOVE;
import static dev.banos.bindings.SystemCalls.PROT_NONE;
import static dev.banos.bindings.SystemCalls.PROT_READ;
import static dev.banos.bindings.SystemCalls.PROT_WRITE;
import static dev.banos.bindings.generated.Linux._SC_PAGESIZE;

import dev.banos.bindings.SystemCalls;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.thread.Tcb;
import java.lang.foreign.MemorySegment;

/**
 * The one seam between the allocator and the kernel: each call returns its result or {@code -errno}, fails when a test
 * wants it to, and leaves the thread's errno as it was, because a malloc that succeeds and a free must not change it.
 */
public final class Kernel {
    /** x86-64 has pages of one size only, so a JVM that starts there is spared the call. */
    public static final long PAGE_BYTES = System.getProperty("os.arch").equals("amd64") ? 4096
            : SystemCalls.sysconf(Tcb.current().segment(), _SC_PAGESIZE());

    /** What {@link #growInPlace} returns where something else begins behind the block. */
    public static final long NO_ROOM = -ENOMEM;

    /** A call needs some memory of Java's heap and some stack, all of it before the kernel is called. */
    private static final int NOT_CALLED = -ENOMEM;

    private static final int RESERVE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    private static final int COMMIT = MAP_PRIVATE | MAP_ANONYMOUS;
    private static final int READ_WRITE = PROT_READ | PROT_WRITE;

    static {
        linkWhatGivesBack();
    }

    private Kernel() {
    }

    /**
     * Each call is linked by its first use, which takes memory of Java's heap; where that is full the class that holds it is lost for
     * good. A free must not be the first to come there. None of these calls does anything.
     */
    private static void linkWhatGivesBack() {
        MemorySegment state = Tcb.current().segment();
        int errno = SystemCalls.errno(state);
        int nothing = SystemCalls.munmap(state, 0, 0);
        nothing &= SystemCalls.madvise(state, 0, 0, MADV_DONTNEED);
        nothing &= SystemCalls.mprotect(state, 0, 0, PROT_NONE);
        long nowhere = SystemCalls.mremap(state, 0, 0, 0, 0, 0);
        assert nothing <= 0 && failed(nowhere);
        Tcb.current().errno(errno);
    }

    public static boolean failed(long result) {
        return SystemCalls.isError(result);
    }

    /** Address space without access and without memory behind it. */
    public static long reserve(long bytes) {
        return mmap(bytes, PROT_NONE, RESERVE);
    }

    /** Addresses without access, for which the system sets no memory aside before they get it: {@link #allowAccess}. */
    public static long mapWithoutAccess(long bytes) {
        return mmap(bytes, PROT_NONE, COMMIT);
    }

    /** Zeroed memory, committed page by page as it is touched. */
    public static long map(long bytes) {
        return mmap(bytes, READ_WRITE, COMMIT);
    }

    /** Zeroed memory, committed at once as far as there is any, and else as it is touched. */
    public static long mapCommitted(long bytes) {
        return mmap(bytes, READ_WRITE, COMMIT | MAP_POPULATE);
    }

    public static int unmap(long address, long bytes) {
        int fault = SystemCallFaults.errnoFor(Call.MUNMAP);
        if (fault != 0) {
            return -fault;
        }
        try {
            Tcb tcb = Tcb.current();
            int errno = tcb.errno();
            int result = SystemCalls.munmap(tcb.segment(), address, bytes);
            tcb.errno(errno);
            return result;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return NOT_CALLED;
        }
    }

    /** @return where the block is now, moved if need be */
    public static long resize(long address, long oldBytes, long newBytes) {
        return mremap(address, oldBytes, newBytes, MREMAP_MAYMOVE, 0);
    }

    public static long growInPlace(long address, long oldBytes, long newBytes) {
        return mremap(address, oldBytes, newBytes, 0, 0);
    }

    /**
     * Moves a block to where the caller has mapped {@code newBytes}. Where the kernel fails it may have freed the place, and
     * another thread may have it by now: so it must not be unmapped, and if it is still there its addresses are lost. That is
     * the case only when the process has as many mappings as it may.
     */
    public static long moveTo(long address, long oldBytes, long place, long newBytes) {
        int fault = SystemCallFaults.errnoFor(Call.MREMAP);
        if (fault != 0) {
            Unmapping.unmap(place, newBytes);
            return -fault;
        }
        return mremapNow(address, oldBytes, newBytes, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    }

    /** Whether something is mapped at {@code address}, where a page begins. The advice changes nothing of what is in memory. */
    static boolean isMapped(long address) {
        return adviseNow(address, PAGE_BYTES, MADV_WILLNEED) != -ENOMEM;
    }

    private static long mremap(long address, long oldBytes, long newBytes, int flags, long place) {
        int fault = SystemCallFaults.errnoFor(Call.MREMAP);
        return fault != 0 ? -fault : mremapNow(address, oldBytes, newBytes, flags, place);
    }

    private static long mremapNow(long address, long oldBytes, long newBytes, int flags, long place) {
        try {
            Tcb tcb = Tcb.current();
            int errno = tcb.errno();
            long result = SystemCalls.mremap(tcb.segment(), address, oldBytes, newBytes, flags, place);
            tcb.errno(errno);
            return result;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return NOT_CALLED;
        }
    }

    public static int allowAccess(long address, long bytes) {
        return protect(address, bytes, READ_WRITE);
    }

    public static int denyAccess(long address, long bytes) {
        return protect(address, bytes, PROT_NONE);
    }

    /** Gives the memory back; the addresses stay ours and read as zero. */
    public static int discard(long address, long bytes) {
        int result = advise(address, bytes, MADV_DONTNEED);
        return isLocked(result) ? advise(address, bytes, MADV_DONTNEED_LOCKED) : result;
    }

    /** Whether {@link #discard} was refused since the process has locked its memory (mlockall), and Linux is older than 5.18. */
    public static boolean isLocked(int result) {
        return result == -EINVAL;
    }

    /** Gives the pages of a mapping their memory, as a write to each would. */
    public static int commit(long address, long bytes) {
        return advise(address, bytes, MADV_POPULATE_WRITE);
    }

    public static int wantHugePages(long address, long bytes) {
        return advise(address, bytes, MADV_HUGEPAGE);
    }

    private static int advise(long address, long bytes, int advice) {
        int fault = SystemCallFaults.errnoFor(Call.MADVISE);
        return fault != 0 ? -fault : adviseNow(address, bytes, advice);
    }

    private static int adviseNow(long address, long bytes, int advice) {
        try {
            Tcb tcb = Tcb.current();
            int errno = tcb.errno();
            int result = SystemCalls.madvise(tcb.segment(), address, bytes, advice);
            tcb.errno(errno);
            return result;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return NOT_CALLED;
        }
    }

    private static long mmap(long bytes, int protection, int flags) {
        int fault = SystemCallFaults.errnoFor(Call.MMAP);
        if (fault != 0) {
            return -fault;
        }
        try {
            Tcb tcb = Tcb.current();
            int errno = tcb.errno();
            long result = SystemCalls.mmap(tcb.segment(), 0, bytes, protection, flags, -1, 0);
            tcb.errno(errno);
            return result;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return NOT_CALLED;
        }
    }

    private static int protect(long address, long bytes, int protection) {
        int fault = SystemCallFaults.errnoFor(Call.MPROTECT);
        if (fault != 0) {
            return -fault;
        }
        try {
            Tcb tcb = Tcb.current();
            int errno = tcb.errno();
            int result = SystemCalls.mprotect(tcb.segment(), address, bytes, protection);
            tcb.errno(errno);
            return result;
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return NOT_CALLED;
        }
    }
}
