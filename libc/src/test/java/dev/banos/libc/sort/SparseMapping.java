package dev.banos.libc.sort;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Address space that takes memory only where it is written. */
final class SparseMapping {
    private static final MemorySegment STATE = Arena.global().allocate(SystemCalls.STATE);

    private SparseMapping() {
    }

    static MemorySegment of(long bytes, Arena scope) {
        long address = SystemCalls.mmap(STATE, 0, bytes, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE(), -1, 0);
        if (SystemCalls.isError(address)) {
            throw new IllegalStateException("mmap of " + bytes + " bytes: errno=" + -address);
        }
        return Native.segment(address, bytes, scope, mapping -> SystemCalls.munmap(STATE, address, bytes));
    }
}
