package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.SystemCalls;
import dev.banos.mem.system.Kernel;
import dev.banos.thread.Tcb;
import org.junit.jupiter.api.Test;

/** That what the tests ask of the kernel is about their own mappings. */
class ProcSelfTest {
    private static final int MOST_TRIES = 1000;

    /** As a thread of the JVM may do between a free and the question: then the block seemed to be there still. */
    @Test
    void whatHasComeToTheAddressIsNotWhatWasMarked() {
        for (int i = 0; i < MOST_TRIES; i++) {
            long address = ProcSelf.mark(Kernel.map(Kernel.PAGE_BYTES));
            assertThat(ProcSelf.isStillMapped(address)).isTrue();
            assertThat(Kernel.unmap(address, Kernel.PAGE_BYTES)).isZero();
            if (mapsAt(address)) {
                assertThat(ProcSelf.access(address)).isEqualTo("rw-p");
                assertThat(ProcSelf.isStillMapped(address)).isFalse();
                Kernel.unmap(address, Kernel.PAGE_BYTES);
                return;
            }
        }
        throw new AssertionError("another thread was there first each time");
    }

    private static boolean mapsAt(long address) {
        long mapped = SystemCalls.mmap(Tcb.current().segment(), address, Kernel.PAGE_BYTES,
                SystemCalls.PROT_READ | SystemCalls.PROT_WRITE,
                SystemCalls.MAP_PRIVATE | SystemCalls.MAP_ANONYMOUS | SystemCalls.MAP_FIXED_NOREPLACE, -1, 0);
        return mapped == address;
    }

    @Test
    void whatWasNeverMarkedCannotSeemToBeGone() {
        assertThatThrownBy(() -> ProcSelf.isStillMapped(Kernel.PAGE_BYTES)).isInstanceOf(IllegalArgumentException.class);
    }
}
