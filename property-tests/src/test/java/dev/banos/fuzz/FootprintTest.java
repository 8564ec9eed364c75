package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.SystemCalls;
import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Growth is a leak when it is found again and again, and not while something else in the process makes an allocator grow. */
class FootprintTest {
    private static final Operations PROGRAM = ProgramText.parse("b0 = malloc(4000)\nfree(b0)\n");
    private static final long ROOM_BYTES = 1L << 30;

    /** Each block has a page of its own for so many blocks; from then on all have the last one. */
    private static final class Growing implements AllocatorUnderTest {
        private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
        private final long room = SystemCalls.mmap(state, 0, ROOM_BYTES, SystemCalls.PROT_READ | SystemCalls.PROT_WRITE,
                SystemCalls.MAP_PRIVATE | SystemCalls.MAP_ANONYMOUS | SystemCalls.MAP_NORESERVE, -1, 0);
        private final long grows;
        private long blocks;

        Growing(long grows) {
            this.grows = grows;
        }

        @Override
        public long malloc(long size) {
            return room + Bytes.PAGE * Math.min(++blocks, grows);
        }

        @Override
        public void free(long address) {
        }

        @Override
        public long calloc(long count, long size) {
            return malloc(count * size);
        }

        @Override
        public long realloc(long address, long size) {
            return address;
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return malloc(size);
        }

        @Override
        public long usableSize(long address) {
            return Bytes.PAGE;
        }

        @Override
        public int errno() {
            return 0;
        }

        @Override
        public Promises promises() {
            return Promises.ofC();
        }

        @Override
        public void close() {
            assertThat(SystemCalls.munmap(state, room, ROOM_BYTES)).isZero();
        }
    }

    private static Violation measured(Growing allocator, boolean toTheEnd) {
        return new Footprint(new Interpreter()).measure(PROGRAM, () -> allocator, toTheEnd);
    }

    @Test
    void growthThatEndsIsNoLeakHoweverLongItLasted() {
        try (Growing always = new Growing(Long.MAX_VALUE)) {
            assertThat(measured(always, true)).extracting(Violation::law).isEqualTo(Law.FOOTPRINT);
            long once = always.blocks / 3;

            try (Growing forOne = new Growing(once); Growing forTwo = new Growing(2 * once)) {
                assertThat(measured(forOne, true)).isNull();
                assertThat(measured(forTwo, true)).isNull();
            }
        }
    }

    /** A shrinker asks often, of programs that are known to leak. */
    @Test
    void growthThatIsNotFollowedToTheEndIsFoundOnce() {
        try (Growing always = new Growing(Long.MAX_VALUE); Growing brief = new Growing(Long.MAX_VALUE)) {
            assertThat(measured(always, true)).isNotNull();
            assertThat(measured(brief, false)).extracting(Violation::law).isEqualTo(Law.FOOTPRINT);

            assertThat(brief.blocks).isLessThan(always.blocks / 9);
        }
    }
}
