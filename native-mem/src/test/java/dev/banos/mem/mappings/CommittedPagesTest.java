package dev.banos.mem.mappings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.mem.ProcSelf;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.system.Kernel;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which pages of a block are there before anybody writes to them, as the kernel sees it. */
class CommittedPagesTest {
    @Test
    void aBlockComesWithThePagesOfItsFirstMebibyteAndWithNoMore() {
        for (long beyond : new long[] {0, Kernel.PAGE_BYTES, 64 << 20}) {
            assertIsCommitted(Malloc.malloc(DirectMappings.COMMITTED_BYTES + beyond), beyond);
        }
    }

    @Test
    void aBlockThatGrowsHasThePagesOfItsFirstMebibyteAndNoMore() {
        for (long beyond : new long[] {0, Kernel.PAGE_BYTES, 1 << 20}) {
            assertIsCommitted(Malloc.realloc(Malloc.malloc(SizeClasses.DIRECT_BYTES), DirectMappings.COMMITTED_BYTES + beyond), beyond);
        }
    }

    private static void assertIsCommitted(long block, long beyond) {
        assertThat(pagesWithMemory(block, DirectMappings.COMMITTED_BYTES))
                .isEqualTo(DirectMappings.COMMITTED_BYTES / Kernel.PAGE_BYTES);
        assertThat(pagesWithMemory(block + DirectMappings.COMMITTED_BYTES, Math.min(beyond, 64 * Kernel.PAGE_BYTES))).isZero();
        Malloc.free(block);
    }

    private static long pagesWithMemory(long address, long bytes) {
        return LongStream.iterate(address, page -> page < address + bytes, page -> page + Kernel.PAGE_BYTES)
                .filter(ProcSelf::hasOwnMemory).count();
    }
}
