package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.fuzz.model.ForeignMemory;
import dev.banos.fuzz.model.Mapped;
import dev.banos.fuzz.model.Surroundings;
import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a free unmaps beyond its block is noticed in the program in which it happens, whatever the kernel has put there. */
class UnmappingTest {
    private static final int ENOMEM = 12;
    private static final int NO_FILE = -1;
    private static final Operations PROGRAM = ProgramText.parse("b0 = malloc(100000)\nfree(b0)\nb1 = malloc(10)\n");

    /** What lies behind each block. */
    private enum Behind { NOTHING, UNKNOWN }

    /** A mapping for each block, and the free of one unmaps the page behind it, too. */
    private static final class Mappings implements AllocatorUnderTest {
        private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
        private final Map<Long, Long> live = new ConcurrentHashMap<>();
        private final Behind behind;
        private final long excess;

        Mappings(Behind behind, boolean isCorrect) {
            this.behind = behind;
            excess = isCorrect ? 0 : Bytes.PAGE;
        }

        @Override
        public synchronized long malloc(long size) {
            long bytes = size + Bytes.PAGE - 1 & -Bytes.PAGE;
            long at = SystemCalls.mmap(state, 0, bytes + Bytes.PAGE, Linux.PROT_READ() | Linux.PROT_WRITE(),
                    Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), NO_FILE, 0);
            if (behind == Behind.NOTHING) {
                Mapped.unmap(at + bytes, Bytes.PAGE);
            }
            live.put(at, bytes);
            return at;
        }

        @Override
        public synchronized void free(long address) {
            Mapped.unmap(address, live.remove(address) + excess);
        }

        @Override
        public long calloc(long count, long size) {
            return malloc(count * size);
        }

        @Override
        public long realloc(long address, long size) {
            return 0;
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return malloc(size);
        }

        @Override
        public long usableSize(long address) {
            return live.get(address);
        }

        @Override
        public int errno() {
            return ENOMEM;
        }

        @Override
        public Promises promises() {
            return Promises.ofC();
        }
    }

    private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
    private final Interpreter interpreter = new Interpreter();
    private final Surroundings surroundings = interpreter.surroundings();

    {
        surroundings.guard(ForeignMemory.now());
    }

    private Violation run(AllocatorUnderTest allocator, boolean freely) {
        return freely ? interpreter.runFreely(PROGRAM, allocator) : interpreter.run(PROGRAM, allocator);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whereNothingLiesBehindTheFuzzerPutsAPageThere(boolean freely) {
        assertThat(run(new Mappings(Behind.NOTHING, false), freely)).extracting(Violation::law).isEqualTo(Law.UNMAPS_ITS_OWN);
        assertThat(run(new Mappings(Behind.NOTHING, true), freely)).isNull();
        assertThat(surroundings.takeSuspicion()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPageOfNobodyKnownIsASuspicionUntilTheAllocatorIsTrusted(boolean freely) {
        assertThat(run(new Mappings(Behind.UNKNOWN, true), freely)).isNull();
        assertThat(surroundings.takeSuspicion()).isFalse();
        assertThat(run(new Mappings(Behind.UNKNOWN, false), freely)).isNull();
        assertThat(surroundings.takeSuspicion()).isTrue();
        assertThat(surroundings.takeSuspicion()).isFalse();
        surroundings.trust();
        assertThat(run(new Mappings(Behind.UNKNOWN, false), freely)).isNull();
        assertThat(surroundings.takeSuspicion()).isFalse();
    }

    /** In a replay only what is known counts: there a page of the fuzzer's own lies behind each block that needs one. */
    @Test
    void aReplaySuspectsNothing() {
        surroundings.careful(true);
        assertThat(run(new Mappings(Behind.UNKNOWN, false), false)).isNull();
        assertThat(surroundings.takeSuspicion()).isFalse();
    }

    /** A small block that was asked for with a large alignment may have a mapping of its own. */
    @Test
    void aSmallBlockOnAPageIsWatchedAsALargeOneIs() {
        Operations small = ProgramText.parse("b0 = aligned_alloc(4096, 10)\n");
        Violation violation = interpreter.run(small, new Mappings(Behind.NOTHING, false));
        assertThat(violation).extracting(Violation::law).isEqualTo(Law.UNMAPS_ITS_OWN);
    }

    /** The page that follows nothing is the block's own first one. */
    @Test
    void aBlockOfNoBytesMayGoWithItsMapping() {
        surroundings.careful(true);
        assertThat(interpreter.run(ProgramText.parse("b0 = malloc(0)\nb0 = realloc(b0, 0)\n"), new OwnPages())).isNull();
    }

    /** Whose memory was there when the target was opened may have unmapped it, and the target been given the place. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPlaceThatChangedHandsIsTheTargets(boolean replays) {
        long place = SystemCalls.mmap(state, 0, 64 * Bytes.PAGE, Linux.PROT_NONE(), Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), NO_FILE, 0);
        surroundings.guard(ForeignMemory.now());
        Mapped.unmap(place, 64 * Bytes.PAGE);
        surroundings.careful(replays);
        OwnPages target = new OwnPages();
        target.place = place + 8 * Bytes.PAGE;
        assertThat(interpreter.run(ProgramText.parse("b0 = aligned_alloc(4096, 45)\nfree(b0)\n"), target)).isNull();
    }

    /** A mapping of two pages for each block, whatever its size. */
    private static final class OwnPages implements AllocatorUnderTest {
        private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
        private long place;
        private long size;

        @Override
        public long malloc(long bytes) {
            size = bytes;
            return SystemCalls.mmap(state, place, 2 * Bytes.PAGE, Linux.PROT_READ() | Linux.PROT_WRITE(),
                    Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), NO_FILE, 0);
        }

        @Override
        public void free(long address) {
            Mapped.unmap(address, 2 * Bytes.PAGE);
        }

        @Override
        public long calloc(long count, long bytes) {
            return malloc(count * bytes);
        }

        @Override
        public long realloc(long address, long bytes) {
            free(address);
            return 0;
        }

        @Override
        public long alignedAlloc(long alignment, long bytes) {
            return malloc(bytes);
        }

        @Override
        public long usableSize(long address) {
            return size;
        }

        @Override
        public int errno() {
            return ENOMEM;
        }

        @Override
        public Promises promises() {
            return Promises.ofC();
        }
    }
}
