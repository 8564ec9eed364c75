package dev.banos.mem.slots;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.bindings.Native;
import dev.banos.mem.Hardening;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.InvalidBlockException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.ZZZ_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Another thread's free beside the owner's malloc, free and fold, and beside the free of a third. */
public final class RemoteFrees {
    private RemoteFrees() {
    }

    @JCStressTest
    @Outcome(id = "reused", expect = ACCEPTABLE, desc = "the owner's malloc found what the other thread had freed")
    @Outcome(id = "new run", expect = ACCEPTABLE, desc = "the owner's malloc came first")
    @Outcome(expect = FORBIDDEN, desc = "a block is lost, or given out twice")
    @State
    public static class BesideTheOwnersMalloc {
        private final FullRun full = FullRun.take();
        private boolean freedA;
        private boolean freedB;
        private long c;
        private long d;

        @Actor
        public void owner() {
            freedB = full.freeAsOwner(full.b);
            c = full.pool.allocate(FullRun.SIZE);
            d = full.pool.allocate(FullRun.SIZE);
        }

        @Actor
        public void other() {
            freedA = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(L_Result result) {
            boolean reused = d == full.a;
            boolean right = freedA && freedB && c == full.b && (reused || !full.holds(d)) && full.isTold();
            if (!reused) {
                right &= RunTable.at(d).free(d);
                full.pool.trim(); // so that the next begins with one run again
            }
            right &= reused ? full.settles() : full.settles(full.a);
            result.r1 = !right ? "wrong" : reused ? "reused" : "new run";
        }
    }

    @JCStressTest
    @Outcome(id = "folded", expect = ACCEPTABLE, desc = "the owner, which was told of an earlier free, took this one with it")
    @Outcome(id = "told again", expect = ACCEPTABLE, desc = "the free came after, and told the owner once more")
    @Outcome(expect = FORBIDDEN, desc = "the owner is not told of a free that it did not take")
    @State
    public static class BesideTheOwnersFold {
        private final FullRun full = FullRun.take();
        private final boolean freedB = full.freeAsOther(full.b);
        private boolean freedA;

        @Actor
        public void owner() {
            full.pool.foldRemote();
        }

        @Actor
        public void other() {
            freedA = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(L_Result result) {
            boolean again = full.pool.hasRemoteFrees();
            boolean right = freedA && freedB && full.settles(full.a, full.b);
            result.r1 = !right ? "wrong" : again ? "told again" : "folded";
        }
    }

    /** Another run is in the queue already. */
    @JCStressTest
    @Outcome(id = "folded", expect = ACCEPTABLE, desc = "the owner was told while it looked")
    @Outcome(id = "told", expect = ACCEPTABLE, desc = "the owner had looked before")
    @Outcome(expect = FORBIDDEN, desc = "the owner is not told of a free that it did not take")
    @State
    public static class FirstBesideTheOwnersFold {
        private final FullRun full = FullRun.take();
        private final boolean freedC = full.freeC();
        private boolean freedA;

        @Actor
        public void owner() {
            full.pool.foldRemote();
        }

        @Actor
        public void other() {
            freedA = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(L_Result result) {
            boolean told = full.pool.hasRemoteFrees();
            boolean right = freedA && freedC && full.settlesWithoutC(full.a);
            result.r1 = !right ? "wrong" : told ? "told" : "folded";
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false, true", "false, true, true"}, expect = ACCEPTABLE, desc = "one of the two is right")
    @Outcome(expect = FORBIDDEN, desc = "both are, or none, or something else is free as well")
    @State
    public static class OfOneBlock {
        private final FullRun full = FullRun.take();

        @Actor
        public void first(ZZZ_Result result) {
            result.r1 = full.freeAsOther(full.a);
        }

        @Actor
        public void second(ZZZ_Result result) {
            result.r2 = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = full.settles(full.a);
        }
    }

    /** Another run is in the queue already: this one must come into it once, or what is behind it is lost. */
    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "both blocks are free, and the owner was told")
    @Outcome(expect = FORBIDDEN, desc = "a free is refused or lost")
    @State
    public static class OfTwoBlocksOfAWord {
        private final FullRun full = FullRun.take();
        private final boolean freedC = full.freeC();

        @Actor
        public void first(ZZZ_Result result) {
            result.r1 = full.freeAsOther(full.a);
        }

        @Actor
        public void second(ZZZ_Result result) {
            result.r2 = full.freeAsOther(full.b);
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = freedC && full.settlesWithoutC(full.a, full.b);
        }
    }

    @JCStressTest
    @Outcome(id = "true, true, true", expect = ACCEPTABLE, desc = "the owner finds both runs in its queue")
    @Outcome(expect = FORBIDDEN, desc = "a free is refused or lost")
    @State
    public static class InTwoRunsOfAPool {
        private final FullRun full = FullRun.take();

        @Actor
        public void first(ZZZ_Result result) {
            result.r1 = full.freeAsOther(full.a);
        }

        @Actor
        public void second(ZZZ_Result result) {
            result.r2 = full.freeC();
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            result.r3 = full.settlesWithoutC(full.a);
        }
    }

    /** The race that stays open (README of native-mem): both may pass, and the fold counts it. */
    @JCStressTest
    @Outcome(id = {"true, false, true", "false, true, true"}, expect = ACCEPTABLE, desc = "one of the two is right")
    @Outcome(id = "true, true, true", expect = ACCEPTABLE_INTERESTING, desc = "both pass, which is counted")
    @Outcome(expect = FORBIDDEN, desc = "both are refused, both pass uncounted, or something else is free as well")
    @State
    public static class OfTheBlockThatTheOwnerFrees {
        private final FullRun full = FullRun.take();

        @Actor
        public void owner(ZZZ_Result result) {
            result.r1 = full.freeAsOwner(full.a);
        }

        @Actor
        public void other(ZZZ_Result result) {
            result.r2 = full.freeAsOther(full.a);
        }

        @Arbiter
        public void check(ZZZ_Result result) {
            long counted = 0;
            if (result.r1 && result.r2) {
                full.pool.foldRemote();
                counted = full.newRacedFrees();
            }
            result.r3 = counted == (result.r1 && result.r2 ? 1 : 0) && full.settles(full.a);
        }
    }

    /** Whose run goes at the moment, and its bitmaps serve the next. */
    @JCStressTest
    @Outcome(id = "false, true", expect = ACCEPTABLE, desc = "refused, whatever the moment")
    @Outcome(expect = FORBIDDEN, desc = "it passes, or a block of the next run is free")
    @State
    public static class OfADeadBlock {
        private final SlotPool pool = pool();
        private final SlotPool next = pool();
        private final long last = pool.allocate(FullRun.SIZE);
        private final long dead = pool.allocate(FullRun.SIZE);
        private final Run run = RunTable.at(dead);
        private final boolean freed = run.free(dead);
        /** The second has the dead one's place in the bitmap, not in memory. */
        private final long[] blocks = new long[4];

        private static SlotPool pool() {
            SlotPool made = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
            made.threadId = FullRun.NO_CALLER;
            return made;
        }

        @Actor
        public void owner() {
            run.free(last);
            pool.trim();
            Bitmaps.endWaiting();
            Arrays.setAll(blocks, _ -> next.allocate(FullRun.SIZE * 3 / 4));
        }

        @Actor
        public void other(ZZ_Result result) {
            result.r1 = pool.freeFromOutside(run, dead);
        }

        @Arbiter
        public void check(ZZ_Result result) {
            next.foldRemote();
            Run of = RunTable.at(blocks[0]);
            result.r2 = freed && of.liveWord(0) == (1L << blocks.length) - 1 && Arrays.stream(blocks).allMatch(of::isLive);
            next.destroy();
        }
    }

    /** Who frees a block has done with it: no write of its may come after those of who gets it next. */
    @JCStressTest
    @Outcome(id = "the next", expect = ACCEPTABLE, desc = "the owner got the block, and its content stays")
    @Outcome(id = "the last", expect = ACCEPTABLE, desc = "the owner did not get the block")
    @Outcome(expect = FORBIDDEN, desc = "the content of a live block is gone")
    @State
    public static class AfterAWriteToTheBlock {
        private final FullRun full = FullRun.take();
        private boolean freedA;
        private boolean reused;

        @Actor
        public void owner() {
            full.pool.foldRemote();
            reused = full.run.liveWord(0) != full.run.fullWord && full.pool.allocate(FullRun.SIZE) == full.a;
            if (reused) {
                write(2);
            }
        }

        @Actor
        public void other() {
            write(1);
            freedA = full.freeAsOther(full.a);
        }

        private void write(long content) {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, full.a, content);
        }

        @Arbiter
        public void check(L_Result result) {
            long content = Native.EVERYTHING.get(ValueLayout.JAVA_LONG, full.a);
            boolean settled = reused ? full.settles() : full.settles(full.a);
            boolean right = freedA && settled && content == (reused ? 2 : 1);
            result.r1 = !right ? "wrong" : reused ? "the next" : "the last";
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "one of the two is right, whatever the moment")
    @Outcome(expect = FORBIDDEN, desc = "both are, or none")
    @State
    public static class OfOneBlockOfAHardenedHeap {
        private static final Heap HEAP = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withCanary()));
        private final long block = HEAP.malloc(64);

        private static boolean isFreed(long address) {
            try {
                HEAP.free(address);
                return true;
            } catch (InvalidBlockException second) {
                return false;
            }
        }

        @Actor
        public void first(ZZ_Result result) {
            result.r1 = isFreed(block);
        }

        @Actor
        public void second(ZZ_Result result) {
            result.r2 = isFreed(block);
        }
    }
}
