package dev.banos.lock;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** The lock under the slow paths. */
public final class SpinLocks {
    private SpinLocks() {
    }

    @JCStressTest
    @Outcome(id = {"1, 2, 2", "2, 1, 2"}, expect = ACCEPTABLE, desc = "one after the other")
    @Outcome(expect = FORBIDDEN, desc = "both were within at once")
    @State
    public static class TwoWithinALock {
        private final SpinLock lock = new SpinLock();
        private int count;

        private int countLocked() {
            lock.lock();
            try {
                return ++count;
            } finally {
                lock.unlock();
            }
        }

        @Actor
        public void first(III_Result result) {
            result.r1 = countLocked();
        }

        @Actor
        public void second(III_Result result) {
            result.r2 = countLocked();
        }

        @Arbiter
        public void check(III_Result result) {
            result.r3 = count;
        }
    }
}
