package dev.banos.mem;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Bits;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SizeClasses;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Predicate;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The close of a heap beside what others do with it: that is done, or refused, and no memory outlives the heap. */
public final class HeapCloses {
    private static final long SLOT = 20_000;
    private static final long MAPPING = SizeClasses.DIRECT_BYTES;

    private HeapCloses() {
    }

    /** Whether {@code use} was done, or refused as after the close. */
    private static boolean isDone(Heap heap, Predicate<Heap> use) {
        try {
            return use.test(heap);
        } catch (InvalidBlockException | IllegalStateException closed) {
            return false;
        }
    }

    private static boolean isFreed(Heap heap, long address) {
        return isDone(heap, open -> {
            open.free(address);
            return true;
        });
    }

    /** Whether nothing is left of a heap that is closed, and each use is refused. @param block that it had; 0 for none */
    private static boolean isGone(Heap heap, long block) {
        return heap.budget().usedBytes() == 0 && (block == 0 || isUnknown(heap, block))
                && !isDone(heap, open -> open.malloc(SLOT) != 0);
    }

    private static boolean isUnknown(Heap heap, long block) {
        return heap.domain().mappings.length(block) == DirectMappings.NONE && !isFreed(heap, block);
    }

    /** Bitmaps go back with the heap, and serve the next: who waited for its lock must not write to them. */
    private abstract static class Closed {
        private volatile boolean done;
        boolean untouched;

        void done() {
            done = true;
        }

        void closeAndWatch(Heap heap, Run run) {
            heap.close();
            long local = Bits.local(run);
            long remote = Bits.remote(run);
            while (!done) {
                Thread.onSpinWait();
            }
            untouched = Bits.local(run) == local && Bits.remote(run) == remote;
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "freed before the close")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfASharedHeapBesideAFree extends Closed {
        private final Heap heap = Heap.createShared();
        private final long block = heap.malloc(SLOT);
        private final Run run = RunTable.at(block);

        @Actor
        public void closer() {
            closeAndWatch(heap, run);
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = isFreed(heap, block);
            done();
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = untouched && isGone(heap, block);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "allocated before the close, which took it with it")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfASharedHeapBesideAMalloc {
        private final Heap heap = Heap.createShared();
        private long block;

        @Actor
        public void closer() {
            heap.close();
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = isDone(heap, open -> (block = open.malloc(SLOT)) != 0);
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = isGone(heap, block);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "allocated before the close, which took it with it")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfASharedHeapBesideAMapping {
        private final Heap heap = Heap.createShared();
        private long block;

        @Actor
        public void closer() {
            heap.close();
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = isDone(heap, open -> (block = open.malloc(MAPPING)) != 0);
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = isGone(heap, block);
        }
    }

    /** A mapping is kept for the next block, or goes: with the heap at the latest. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "freed before the close")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfAHeapWithACacheBesideAFree {
        private final Heap heap = Heap.create(HeapOptions.shared().mappingCache(MAPPING));
        private final long block = heap.malloc(MAPPING);

        @Actor
        public void closer() {
            heap.close();
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = isFreed(heap, block);
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = heap.domain().mappings.cachedBytes() == 0 && isGone(heap, block);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "grown before the close, which took the block with it")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it, or between the copy and its entry")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfAHeapWithACacheBesideAGrowth {
        private final Heap heap = Heap.create(HeapOptions.shared().mappingCache(4 * MAPPING));
        private final long block = heap.malloc(MAPPING);
        private long grown;

        public OfAHeapWithACacheBesideAGrowth() {
            heap.free(heap.malloc(2 * MAPPING)); // so that the growth is a copy to what is kept
        }

        @Actor
        public void closer() {
            heap.close();
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = isDone(heap, open -> (grown = open.realloc(block, 2 * MAPPING)) != 0);
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = isGone(heap, block) && isGone(heap, grown);
        }
    }

    /** Nobody's segment ends before its scope: so one of the two is refused. */
    @JCStressTest
    @Outcome(id = "true, false, true", expect = ACCEPTABLE, desc = "the close is refused, as there is a scope")
    @Outcome(id = "false, true, true", expect = ACCEPTABLE, desc = "the scope is refused, as the heap is closed")
    @Outcome(expect = FORBIDDEN, desc = "a segment outlives its heap, or both are refused")
    @State
    public static class OfASharedHeapBesideAnOpeningScope {
        private final Heap heap = Heap.createShared();
        private HeapScope scope;
        private MemorySegment segment;

        @Actor
        public void closer(ZZZ_Result result) {
            result.r2 = isDone(heap, open -> {
                open.close();
                return true;
            });
        }

        @Actor
        public void opener(ZZZ_Result result) {
            result.r1 = isDone(heap, open -> {
                scope = HeapScope.ofShared(open);
                segment = scope.allocateFrom(ValueLayout.JAVA_LONG, SLOT);
                return true;
            });
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            boolean whole = scope == null || segment != null && segment.get(ValueLayout.JAVA_LONG, 0) == SLOT;
            if (scope != null) {
                scope.close();
                heap.close();
            }
            result.r3 = whole && isGone(heap, 0);
        }
    }

    /** The scope's blocks go back once, by its close; then at the latest the heap's succeeds. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "after the scope's close")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused before it")
    @Outcome(expect = FORBIDDEN, desc = "the scope's close meets a closed heap, or leaves something")
    @State
    public static class OfASharedHeapBesideAClosingScope {
        private final Heap heap = Heap.createShared();
        private final HeapScope scope = HeapScope.ofShared(heap);
        private boolean isScopeClosed;

        public OfASharedHeapBesideAClosingScope() {
            scope.allocate(SLOT);
        }

        @Actor
        public void closer(ZZ_Result result) {
            result.r1 = isDone(heap, open -> {
                open.close();
                return true;
            });
        }

        @Actor
        public void other() {
            isScopeClosed = isDone(heap, open -> {
                scope.close();
                return true;
            });
        }

        @Arbiter
        public void check(ZZ_Result result) {
            if (!result.r1) {
                heap.close();
            }
            result.r2 = isScopeClosed && isGone(heap, 0);
        }
    }

    /** Its owner alone may close it, so that is who makes it. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "freed before the close")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "something of the heap outlives it")
    @State
    public static class OfAConfinedHeapBesideAFree extends Closed {
        private Heap heap;
        private volatile long block;

        @Actor
        public void owner() {
            heap = Heap.create();
            long made = heap.malloc(SLOT);
            Run run = RunTable.at(made);
            block = made;
            heap.malloc(64); // takes about as long as the other needs to see it
            closeAndWatch(heap, run);
        }

        @Actor
        public void other(ZZ_Result result) {
            while (block == 0) {
                Thread.onSpinWait();
            }
            result.r1 = isFreed(heap, block);
            done();
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = untouched && isGone(heap, block);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "the second close does nothing")
    @Outcome(expect = FORBIDDEN, desc = "a close fails, or gives back twice")
    @State
    public static class Twice {
        private final Heap heap = Heap.createShared();
        private final long block = heap.malloc(SLOT);

        @Actor
        public void first(ZZZ_Result result) {
            heap.close();
            result.r1 = heap.budget().usedBytes() == 0;
        }

        @Actor
        public void second(ZZZ_Result result) {
            heap.close();
            result.r2 = heap.budget().usedBytes() == 0;
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = isGone(heap, block);
        }
    }
}
