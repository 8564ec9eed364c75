package dev.banos.mem.system;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.ZZI_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** Requests of two threads at a limit and at a mark. */
public final class Budgets {
    private static final long PAGE = Kernel.PAGE_BYTES;

    private Budgets() {
    }

    @JCStressTest
    @Outcome(id = {"true, false, 1", "false, true, 1"}, expect = ACCEPTABLE, desc = "the limit has room for one")
    @Outcome(expect = FORBIDDEN, desc = "the limit is exceeded, or refuses what it has room for")
    @State
    public static class TwoRequestsAtALimit {
        private final Budget parent = new Budget("parent", null, PAGE, Budget.UNLIMITED, null);
        private final Budget child = new Budget("child", parent, Budget.UNLIMITED, Budget.UNLIMITED, null);

        @Actor
        public void first(ZZI_Result result) {
            result.r1 = parent.reserve(PAGE);
        }

        @Actor
        public void second(ZZI_Result result) {
            result.r2 = child.reserve(PAGE);
        }

        @Arbiter
        public void check(ZZI_Result result) {
            boolean added = parent.usedBytes() == PAGE && child.usedBytes() == (result.r2 ? PAGE : 0);
            result.r3 = added ? 1 : 0;
        }
    }

    /** One reaches the mark; below it, its action is due again. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the action ran once")
    @Outcome(expect = FORBIDDEN, desc = "it ran twice, or never")
    @State
    public static class TwoRequestsReachAMark {
        private int calls;
        private final Budget budget = new Budget("marked", null, Budget.UNLIMITED, 2 * PAGE, now -> calls++);

        @Actor
        public void first() {
            budget.reserve(PAGE);
            budget.callBack();
        }

        @Actor
        public void second() {
            budget.reserve(PAGE);
            budget.callBack();
        }

        @Arbiter
        public void check(I_Result result) {
            result.r1 = calls;
        }
    }

    /** A request is refused above while another thread asks whether it has reached the mark below. */
    @JCStressTest
    @Outcome(id = "false, false", expect = ACCEPTABLE, desc = "it has had no effect")
    @Outcome(expect = FORBIDDEN, desc = "the mark is reached by what is not there")
    @State
    public static class ARefusalAboveAndAMarkBelow {
        private final Budget parent = new Budget("parent", null, PAGE, Budget.UNLIMITED, null);
        private final Budget child = new Budget("child", parent, Budget.UNLIMITED, PAGE, now -> { });

        @Actor
        public void request(ZZ_Result result) {
            result.r1 = child.reserve(2 * PAGE);
        }

        @Actor
        public void look(ZZ_Result result) {
            result.r2 = child.isCallDue();
        }
    }
}
