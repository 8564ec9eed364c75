package dev.banos.mem.mappings;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.Kernel;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LZ_Result;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** Blocks that are mappings, and those that are kept after their free. */
public final class Mappings {
    private static final long BYTES = 2 * Kernel.PAGE_BYTES;

    private Mappings() {
    }

    private static DirectMappings newHeap() {
        return new DirectMappings(Budget.unlimited("test"), new LeakRecords("test"), null, HugePageRule.NEVER);
    }

    /** In a heap of its own: the addresses of what is unmapped are soon another state's. */
    private abstract static class OneMapping {
        private final DirectMappings heap = newHeap();
        final long block;

        OneMapping() {
            heap.budget.reserve(BYTES);
            block = heap.map(BYTES, Kernel.PAGE_BYTES);
        }

        boolean free() {
            return heap.free(block);
        }

        boolean shrink() {
            long[] unsettled = new long[1];
            boolean shrunk = heap.resize(block, BYTES / 2, unsettled) == block;
            heap.budget.release(unsettled[0]);
            return shrunk;
        }

        /** Whether so much is there, and paid for; afterwards there is none. */
        boolean isLeft(long bytes) {
            boolean right = heap.budget.usedBytes() == bytes
                    && heap.length(block) == (bytes == 0 ? DirectMappings.NONE : bytes);
            return free() == (bytes != 0) && right;
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false, true", "false, true, true"}, expect = ACCEPTABLE, desc = "one of the two is right")
    @Outcome(expect = FORBIDDEN, desc = "both are, or none, or something is left")
    @State
    public static class FreedByTwo extends OneMapping {
        @Actor
        public void first(ZZZ_Result result) {
            result.r1 = free();
        }

        @Actor
        public void second(ZZZ_Result result) {
            result.r2 = free();
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = isLeft(0);
        }
    }

    /** It gets shorter, so that it stays where it is. */
    @JCStressTest
    @Outcome(id = "freed", expect = ACCEPTABLE, desc = "the free came first, and the realloc is refused")
    @Outcome(id = "refused", expect = ACCEPTABLE, desc = "the free met a block that the realloc had in hand; it is still there")
    @Outcome(id = "shrunk, freed", expect = ACCEPTABLE, desc = "one after the other")
    @Outcome(expect = FORBIDDEN, desc = "both are refused, or the registry does not say what is there")
    @State
    public static class FreedAndResized extends OneMapping {
        private boolean freed;
        private boolean shrunk;

        @Actor
        public void first() {
            freed = free();
        }

        @Actor
        public void second() {
            shrunk = shrink();
        }

        @Arbiter
        public void check(L_Result result) {
            boolean right = isLeft(shrunk && !freed ? BYTES / 2 : 0);
            result.r1 = !right ? "wrong" : shrunk ? freed ? "shrunk, freed" : "refused" : freed ? "freed" : "both refused";
        }
    }

    /** Addresses of pages that are nobody's and never used: only the table is to be tried, not the kernel. */
    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "the table has what was entered, and not what was removed")
    @Outcome(expect = FORBIDDEN, desc = "an entry is lost, or comes back")
    @State
    public static class EnteredAndRemovedInOneTable {
        private static final DirectMappings HEAP = newHeap();
        private static final AtomicLong NEXT = new AtomicLong(1L << 50);
        private static final long APART = 1L << 28; // so all come to the same table

        private final long entered = NEXT.getAndAdd(2 * APART);
        private final long removed = HEAP.register(entered + APART, BYTES);

        @Actor
        public void first() {
            HEAP.register(entered, BYTES);
        }

        @Actor
        public void second() {
            HEAP.remove(removed);
        }

        @Arbiter
        public void check(Z_Result result) {
            result.r1 = HEAP.length(entered) == BYTES
                    && HEAP.length(removed) == DirectMappings.NONE
                    && HEAP.remove(entered) == BYTES;
        }
    }

    /** A cache with room for one mapping. */
    private abstract static class OneKept {
        final Budget budget = Budget.unlimited("test");
        final MappingCache cache = MappingCache.make(budget, BYTES, () -> { });
        final long mapping = Kernel.map(BYTES);

        /** Whether the books are right at the end, when so many mappings are the caller's. */
        boolean isClosedWith(int taken) {
            cache.close();
            boolean right = cache.bytes() == 0 && budget.usedBytes() == taken * BYTES;
            if (taken > 0) {
                Kernel.unmap(mapping, BYTES);
            }
            return right;
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false, true", "false, true, true"}, expect = ACCEPTABLE, desc = "one gets the mapping")
    @Outcome(expect = FORBIDDEN, desc = "both get it, or none")
    @State
    public static class TakenFromTheCacheByTwo extends OneKept {
        public TakenFromTheCacheByTwo() {
            budget.reserve(BYTES);
            cache.put(mapping, BYTES);
        }

        @Actor
        public void first(ZZZ_Result result) {
            result.r1 = cache.take(BYTES) == mapping;
        }

        @Actor
        public void second(ZZZ_Result result) {
            result.r2 = cache.take(BYTES) == mapping;
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = isClosedWith(result.r1 || result.r2 ? 1 : 0);
        }
    }

    @JCStressTest
    @Outcome(id = {"taken, true", "kept, true"}, expect = ACCEPTABLE, desc = "the malloc came after the free, or before it")
    @Outcome(expect = FORBIDDEN, desc = "the mapping is lost, or a half of its entry was seen")
    @State
    public static class PutIntoTheCacheAndTaken extends OneKept {
        private boolean kept;
        private long taken;

        public PutIntoTheCacheAndTaken() {
            budget.reserve(BYTES);
        }

        @Actor
        public void first() {
            kept = cache.put(mapping, BYTES);
        }

        @Actor
        public void second() {
            taken = cache.take(BYTES);
        }

        @Arbiter
        public void check(LZ_Result result) {
            result.r1 = !kept ? "refused" : taken == mapping ? "taken" : taken == 0 ? "kept" : "wrong";
            result.r2 = isClosedWith(taken == mapping ? 1 : 0);
        }
    }

    @JCStressTest
    @Outcome(id = {"kept, true", "refused, true"}, expect = ACCEPTABLE, desc = "given back by the close, or the caller's")
    @Outcome(expect = FORBIDDEN, desc = "a cache that is closed keeps a mapping")
    @State
    public static class PutIntoACacheThatCloses extends OneKept {
        private boolean kept;

        public PutIntoACacheThatCloses() {
            budget.reserve(BYTES);
        }

        @Actor
        public void first() {
            kept = cache.put(mapping, BYTES);
        }

        @Actor
        public void second() {
            cache.close();
        }

        @Arbiter
        public void check(LZ_Result result) {
            result.r1 = kept ? "kept" : "refused";
            result.r2 = isClosedWith(kept ? 0 : 1);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "after each of them nothing is charged, whoever unmapped it")
    @Outcome(expect = FORBIDDEN, desc = "one ends before the other has unmapped what it took")
    @State
    public static class EmptiedWhileItCloses extends OneKept {
        private boolean emptied;
        private boolean closed;

        public EmptiedWhileItCloses() {
            budget.reserve(BYTES);
            cache.put(mapping, BYTES);
        }

        @Actor
        public void first() {
            cache.empty();
            emptied = budget.usedBytes() == 0;
        }

        @Actor
        public void second() {
            cache.close();
            closed = budget.usedBytes() == 0;
        }

        @Arbiter
        public void check(LZ_Result result) {
            result.r1 = emptied && closed;
            result.r2 = isClosedWith(0);
        }
    }
}
