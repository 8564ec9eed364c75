package dev.banos.mem.slots;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.L_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A pool that a virtual thread has leased, which another takes while that thread wakes up, works, waits or has ended. */
public final class Leases {
    private static final long SIZE = 20_000;

    private Leases() {
    }

    /** To mount a thread takes far longer than to take a lease, so the other waits for the moment, each time a little longer. */
    private abstract static class Late {
        private static final int MOST_PAUSES = 32;
        private static int turns;

        private final int pauses = turns++ % MOST_PAUSES;
        private volatile boolean mounting;

        void mounting() {
            mounting = true;
        }

        void waitABit() {
            while (pauses > 0 && !mounting) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < pauses; i++) {
                Thread.onSpinWait();
            }
        }
    }

    /** What {@link ThreadPools#current} asks before each malloc and free. */
    private static boolean isMine(SlotPool pool) {
        return pool.threadId == Thread.currentThread().threadId();
    }

    /** @return a block that the caller has got by taking the lease away, and given the pool back; 0: the lessee kept it */
    private static long takeAndAllocate(Lease lease) {
        if (!lease.tryAcquire()) {
            return 0;
        }
        long block = lease.pool.allocate(SIZE);
        lease.release();
        return block;
    }

    /** Whether these blocks are live and no other, of those that are not 0; afterwards none is. */
    private static boolean areTheLiveOnes(SlotPool pool, long... blocks) {
        Set<Long> expected = new HashSet<>();
        int count = 0;
        for (long block : blocks) {
            if (block != 0) {
                expected.add(block);
                count++;
            }
        }
        Set<Long> live = new HashSet<>();
        pool.walk((address, usable) -> live.add(address));
        pool.destroy();
        return expected.size() == count && live.equals(expected);
    }

    @JCStressTest
    @Outcome(id = "kept", expect = ACCEPTABLE, desc = "the lessee ran, or was about to")
    @Outcome(id = "taken", expect = ACCEPTABLE, desc = "before the lessee woke up: it met a pool that is not its own")
    @Outcome(id = "neither", expect = ACCEPTABLE, desc = "the lessee met the pool while the other, in vain, had its id out")
    @Outcome(id = "taken after", expect = ACCEPTABLE, desc = "when the lessee waited again")
    @Outcome(expect = FORBIDDEN, desc = "both worked in the pool at once")
    @State
    public static class TakenWhileTheLesseeWakesUp extends Late {
        private final Lease lease = new Lease();
        private final CarriedThread lessee = new CarriedThread(() -> allocateIfMine());
        private final long first;
        private long blockOfLessee;
        private long blockOfOther;

        public TakenWhileTheLesseeWakesUp() {
            lease.tryAcquire();
            first = lease.pool.allocate(SIZE); // so that a word is open, and all that comes is the hot path
            lease.giveTo(lessee.thread);
        }

        private void allocateIfMine() {
            LockSupport.park();
            blockOfLessee = isMine(lease.pool) ? lease.pool.allocate(SIZE) : 0;
            LockSupport.park();
        }

        @Actor
        public void carrier() {
            mounting();
            lessee.runToNextPark();
        }

        @Actor
        public void other() {
            waitABit();
            blockOfOther = takeAndAllocate(lease);
        }

        @Arbiter
        public void check(L_Result result) {
            lessee.runToNextPark();
            boolean right = areTheLiveOnes(lease.pool, first, blockOfLessee, blockOfOther);
            result.r1 = !right ? "wrong" : blockOfOther == 0 ? blockOfLessee == 0 ? "neither" : "kept"
                    : blockOfLessee == 0 ? "taken" : "taken after";
        }
    }

    /** Slow paths may park; a lessee that waits in the middle of one has said so before. */
    @JCStressTest
    @Outcome(id = "kept", expect = ACCEPTABLE, desc = "the lessee was at work")
    @Outcome(id = "taken", expect = ACCEPTABLE, desc = "before it began or after it ended")
    @Outcome(expect = FORBIDDEN, desc = "in the middle of its work")
    @State
    public static class TakenWhileTheLesseeParksAtWork extends Late {
        private final Lease lease = new Lease();
        private final CarriedThread lessee = new CarriedThread(() -> work());
        private boolean atWork;
        private boolean met;
        private boolean taken;

        public TakenWhileTheLesseeParksAtWork() {
            lease.tryAcquire();
            lease.giveTo(lessee.thread);
        }

        private void work() {
            LockSupport.park();
            if (isMine(lease.pool)) {
                lease.pool.beginWork();
                atWork = true;
                LockSupport.park();
                atWork = false;
                lease.pool.endWork();
            }
            LockSupport.park();
        }

        @Actor
        public void carrier() {
            mounting();
            lessee.runToNextPark();
            lessee.runToNextPark();
        }

        @Actor
        public void other() {
            waitABit();
            taken = lease.tryAcquire();
            met = taken && atWork;
        }

        @Arbiter
        public void check(L_Result result) {
            lessee.runToEnd();
            result.r1 = met ? "met" : taken ? "taken" : "kept";
        }
    }

    @JCStressTest
    @Outcome(id = {"true, false", "false, true"}, expect = ACCEPTABLE, desc = "one gets the pool")
    @Outcome(expect = FORBIDDEN, desc = "both get it, or none")
    @State
    public static class TakenByTwoFromAThreadThatEnded {
        private final Lease lease = new Lease();

        public TakenByTwoFromAThreadThatEnded() {
            CarriedThread lessee = new CarriedThread(() -> { });
            lease.tryAcquire();
            lease.giveTo(lessee.thread);
        }

        @Actor
        public void first(ZZ_Result result) {
            result.r1 = lease.tryAcquire();
        }

        @Actor
        public void second(ZZ_Result result) {
            result.r2 = lease.tryAcquire();
        }
    }
}
