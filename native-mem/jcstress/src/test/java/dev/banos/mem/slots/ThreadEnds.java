package dev.banos.mem.slots;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.thread.Tcb;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** A pool whose thread ends, or that the next thread takes over, beside a free in it. */
public final class ThreadEnds {
    private ThreadEnds() {
    }

    /** What a thread that begins gets. It is the test's to give back, so the end of the calling thread must not do that too. */
    private static SlotPool takeOver() {
        SlotPool pool = ThreadPools.adoptOrCreate();
        Tcb.current().attach(null);
        return pool;
    }

    /** Which of the two looks first is for a fence on each side to say. */
    @JCStressTest
    @Outcome(id = "folded", expect = ACCEPTABLE, desc = "the end of the thread took the free with it")
    @Outcome(id = "woken", expect = ACCEPTABLE, desc = "who freed saw that nobody will look, and woke the purger")
    @Outcome(expect = FORBIDDEN, desc = "a run that nobody gives back")
    @State
    public static class BesideARemoteFree {
        private final SlotPool pool = takeOver();
        private final long a;
        private final Run run;
        private boolean freed;
        private boolean woken;
        /** Whether who freed still finds the block live, while the run is there. */
        private boolean stillLive;
        /** Looked at before the arbiter comes: beside that, the next state may be made, and take this pool. */
        private boolean folded;

        public BesideARemoteFree() {
            pool.trim();
            pool.threadId = FullRun.NO_CALLER;
            a = pool.allocate(FullRun.SIZE);
            run = RunTable.at(a);
        }

        @Actor
        public void owner() {
            ThreadPools.abandon(pool); // where the next state finds it
            folded = run.retired;
        }

        @Actor
        public void other() {
            int before = Purger.wakes();
            freed = pool.freeFromOutside(run, a);
            woken = Purger.wakes() != before;
            stillLive = run.isLive(a);
        }

        @Arbiter
        public void check(L_Result result) {
            result.r1 = !freed ? "refused" : folded ? "folded" : woken && !stillLive ? "woken" : "lost";
        }
    }

    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "the next owner finds what was freed meanwhile")
    @Outcome(expect = FORBIDDEN, desc = "a free is refused or lost, or a block given out twice")
    @State
    public static class HandedOnBesideARemoteFree {
        private final FullRun full = FullRun.take();
        private boolean freedA;
        private boolean freedB;
        private long c;

        public HandedOnBesideARemoteFree() {
            full.pool.threadId = SlotPool.NO_THREAD;
        }

        @Actor
        public void next() {
            full.pool.adoptedBy(Thread.currentThread());
            freedB = full.freeAsOwner(full.b);
            c = full.pool.allocate(FullRun.SIZE);
        }

        @Actor
        public void other() {
            freedA = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(Z_Result result) {
            full.pool.threadId = FullRun.NO_CALLER;
            result.r1 = freedA && freedB && c == full.b && full.settles(full.a);
        }
    }

    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "two threads that begin get two pools")
    @Outcome(expect = FORBIDDEN, desc = "they get one")
    @State
    public static class TakenOverByTwo {
        private SlotPool first;
        private SlotPool second;

        @Actor
        public void first() {
            first = takeOver();
        }

        @Actor
        public void second() {
            second = takeOver();
        }

        @Arbiter
        public void check(Z_Result result) {
            result.r1 = first != second;
            ThreadPools.abandon(first);
            if (first != second) {
                ThreadPools.abandon(second);
            }
        }
    }
}
