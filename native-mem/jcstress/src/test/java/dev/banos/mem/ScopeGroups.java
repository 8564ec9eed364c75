package dev.banos.mem;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LZ_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** The end of a generation of scopes beside late accesses, and beside others who may end it: it ends once, and memory goes last. */
public final class ScopeGroups {
    private ScopeGroups() {
    }

    /** One segment, and what a thread can know of it without asking the group. */
    private static final class Segment {
        private static final long VALUE = 42;

        private final MemorySegment segment;
        private final long block;
        private final Run run;

        /** @param bytes of the first segment of its scope: it begins where a block does */
        Segment(HeapScope scope, long bytes) {
            segment = scope.allocate(bytes, JAVA_LONG.byteAlignment());
            segment.set(JAVA_LONG, 0, VALUE);
            block = segment.address();
            run = RunTable.at(block);
        }

        boolean isReachable() {
            try {
                return segment.get(JAVA_LONG, 0) == VALUE;
            } catch (IllegalStateException ended) {
                return false;
            }
        }

        /** Until it is out of reach, or should have been. */
        String accesses() {
            boolean free;
            do {
                free = isFree();
                if (!isReachable()) {
                    return "ended";
                }
            } while (!free);
            return "reached after its free";
        }

        /** For actors: nobody allocates while they run, so what is free stays so. */
        boolean isFree() {
            return !run.isLive(block);
        }

        boolean isGone() {
            return !isReachable() && isFree();
        }
    }

    private abstract static class OneScope {
        final ScopeGroup group;
        final HeapScope scope;
        final Segment segment;

        OneScope(ScopeGroup group) {
            this.group = group;
            scope = group.open();
            segment = new Segment(scope, 8);
        }

        /** For arbiters, after all: what was freed may be another state's by now. */
        boolean hasEnded() {
            return !segment.isReachable() && group.waitingScopes() == 0 && group.waitingBytes() == 0;
        }
    }

    @JCStressTest
    @Outcome(id = "ended, true", expect = ACCEPTABLE, desc = "from the end of the generation on, and before its memory is free")
    @Outcome(expect = FORBIDDEN, desc = "a segment outlives its memory, or its generation")
    @State
    public static class RetireBesideAnAccess extends OneScope {
        public RetireBesideAnAccess() {
            super(ScopeGroup.create());
            scope.close();
        }

        @Actor
        public void retirer() {
            group.retire();
        }

        @Actor
        public void other(LZ_Result result) {
            result.r1 = segment.accesses();
        }

        @Arbiter
        public void check(LZ_Result result) {
            result.r2 = hasEnded();
        }
    }

    @JCStressTest
    @Outcome(id = "ended, true", expect = ACCEPTABLE, desc = "from the end of the generation on, and before its memory is free")
    @Outcome(expect = FORBIDDEN, desc = "a segment outlives its memory, or its generation")
    @State
    public static class LastCloseBesideAnAccess extends OneScope {
        public LastCloseBesideAnAccess() {
            super(ScopeGroup.create(1, 0));
        }

        @Actor
        public void closer() {
            scope.close();
        }

        @Actor
        public void other(LZ_Result result) {
            result.r1 = segment.accesses();
        }

        @Arbiter
        public void check(LZ_Result result) {
            result.r2 = hasEnded();
        }
    }

    /** Whoever comes second may find that the first is at it, and must not say that it has ended before it has. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "for both, the segment is out of reach when retire returns")
    @Outcome(expect = FORBIDDEN, desc = "it is not, or the generation does not end, or ends twice")
    @State
    public static class TwoRetire extends OneScope {
        public TwoRetire() {
            super(ScopeGroup.create());
            scope.close();
        }

        @Actor
        public void first(ZZZ_Result result) {
            group.retire();
            result.r1 = segment.isGone();
        }

        @Actor
        public void second(ZZZ_Result result) {
            group.retire();
            result.r2 = segment.isGone();
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = hasEnded();
        }
    }

    /** The generation takes in no more, so its last close ends it, and the other has nothing to retire. */
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "the segment is out of reach when retire returns")
    @Outcome(expect = FORBIDDEN, desc = "it is not, or the generation does not end, or ends twice")
    @State
    public static class RetireAfterAScopeHasLeft extends OneScope {
        public RetireAfterAScopeHasLeft() {
            super(ScopeGroup.create(1, 0));
        }

        @Actor
        public void closer() {
            scope.close();
        }

        @Actor
        public void retirer(ZZ_Result result) {
            while (group.waitingScopes() == 0 && segment.segment.scope().isAlive()) {
                Thread.onSpinWait();
            }
            group.retire();
            result.r1 = segment.isGone();
        }

        @Arbiter
        public void check(ZZ_Result result) {
            result.r2 = hasEnded();
        }
    }

    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "one of the two has ended the generation")
    @Outcome(expect = FORBIDDEN, desc = "neither has, or both")
    @State
    public static class LastCloseBesideRetire extends OneScope {
        public LastCloseBesideRetire() {
            super(ScopeGroup.create());
        }

        @Actor
        public void closer() {
            scope.close();
        }

        @Actor
        public void retirer() {
            group.retire();
        }

        @Arbiter
        public void check(Z_Result result) {
            result.r1 = hasEnded();
        }
    }

    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "the last to close has ended the generation")
    @Outcome(expect = FORBIDDEN, desc = "neither has, or both")
    @State
    public static class LastTwoCloses extends OneScope {
        private final HeapScope otherScope;
        private final Segment otherSegment;

        public LastTwoCloses() {
            super(ScopeGroup.create(2, Long.MAX_VALUE));
            otherScope = group.open();
            otherSegment = new Segment(otherScope, 8);
        }

        @Actor
        public void first() {
            scope.close();
        }

        @Actor
        public void second() {
            otherScope.close();
        }

        @Arbiter
        public void check(Z_Result result) {
            result.r1 = hasEnded() && !otherSegment.isReachable();
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "opened before the close of the group, and ends with its own")
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused after it")
    @Outcome(expect = FORBIDDEN, desc = "a scope of a closed group outlives its own close")
    @State
    public static class CloseOfTheGroupBesideAnOpen extends OneScope {
        private HeapScope opened;

        public CloseOfTheGroupBesideAnOpen() {
            super(ScopeGroup.create());
            scope.close();
        }

        @Actor
        public void closer() {
            group.close();
        }

        @Actor
        public void opener(ZZ_Result result) {
            try {
                opened = group.open();
                result.r1 = true;
            } catch (IllegalStateException closed) {
                result.r1 = false;
            }
        }

        @Arbiter
        public void check(ZZ_Result result) {
            boolean right = true;
            if (opened != null) {
                Segment late = new Segment(opened, 8);
                right = late.isReachable();
                opened.close();
                right &= !late.isReachable();
            }
            result.r2 = right && hasEnded();
        }
    }

    /** Segments of this size are blocks of their own, for which the scope asks the allocator. */
    @JCStressTest
    @Outcome(id = "allocated, true", expect = ACCEPTABLE, desc = "before the close, and ends with the others")
    @Outcome(id = "refused, true", expect = ACCEPTABLE, desc = "after it")
    @Outcome(expect = FORBIDDEN, desc = "a closed scope allocates, or a segment outlives its generation")
    @State
    public static class CloseOfAScopeBesideAnAllocation extends OneScope {
        private static final long BYTES = 20_000;

        private Segment late;

        public CloseOfAScopeBesideAnAllocation() {
            super(ScopeGroup.create());
        }

        @Actor
        public void closer() {
            scope.close();
        }

        @Actor
        public void other(LZ_Result result) {
            boolean closed = group.waitingScopes() == 1;
            try {
                late = new Segment(scope, BYTES);
                result.r1 = closed ? "allocated after the close" : "allocated";
            } catch (IllegalStateException refused) {
                result.r1 = "refused";
            }
        }

        @Arbiter
        public void check(LZ_Result result) {
            boolean right = late == null || late.isReachable();
            group.retire();
            result.r2 = right && hasEnded() && (late == null || !late.isReachable());
        }
    }
}
