package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** A leak takes ever more memory; a walk through memory that is there already is none, however long it takes to come round. */
class WalkTest {
    private static final Program PROGRAM = Program.parse("b0 = malloc(4000)\nfree(b0)\n");
    private static final long LARGEST = 1 << 20;

    /** Gives out one place behind the other, from the beginning again where the memory ends. */
    private static final class Walk implements AllocatorUnderTest {
        private static final int ENOMEM = 12;
        private static final int NO_FILE = -1;
        private static final long ALIGNMENT = 16;

        private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
        private final long bytes;
        private final long begin;
        private long next;
        private int rounds;

        /** @param touched how many bytes are in memory from the beginning */
        Walk(long bytes, long touched) {
            this.bytes = bytes;
            begin = SystemCalls.mmap(state, 0, bytes, Linux.PROT_READ() | Linux.PROT_WRITE(),
                    Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE(), NO_FILE, 0);
            assertThat(begin).isPositive();
            Native.segment(begin, touched).fill((byte) 1);
        }

        @Override
        public long malloc(long size) {
            if (size < 0 || size > LARGEST) {
                return 0;
            }
            if (next + size > bytes) {
                next = 0;
                rounds++;
            }
            long at = begin + next;
            next += size + ALIGNMENT & -ALIGNMENT;
            return at;
        }

        @Override
        public long calloc(long count, long size) {
            return 0;
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return 0;
        }

        @Override
        public long realloc(long address, long size) {
            return 0;
        }

        @Override
        public void free(long address) {
            // the walk comes round
        }

        @Override
        public long usableSize(long address) {
            return 0;
        }

        @Override
        public int errno() {
            return ENOMEM;
        }

        @Override
        public Promises promises() {
            return Promises.ofC().withoutUsableSize();
        }

        @Override
        public void close() {
            SystemCalls.munmap(state, begin, bytes);
        }
    }

    @Test
    void aWalkThroughMemoryThatIsThereIsNoLeak() {
        try (Walk walk = new Walk(96 << 20, 96 << 20)) {
            assertThatCode(() -> PROGRAM.requireLawfulRepeatedly(walk)).doesNotThrowAnyException();
            assertThat(walk.rounds).isPositive();
        }
    }

    @Test
    void aLeakIsFound() {
        try (Walk walk = new Walk(512 << 20, 0)) {
            assertThatThrownBy(() -> PROGRAM.requireLawfulRepeatedly(walk)).isInstanceOf(AssertionError.class)
                    .hasMessageContaining(Law.FOOTPRINT.sentence());
        }
    }

    @Test
    void aLeakIsFoundBehindMemoryThatIsThere() {
        try (Walk walk = new Walk(512 << 20, 20 << 20)) {
            assertThatThrownBy(() -> PROGRAM.requireLawfulRepeatedly(walk)).isInstanceOf(AssertionError.class)
                    .hasMessageContaining(Law.FOOTPRINT.sentence());
        }
    }
}
