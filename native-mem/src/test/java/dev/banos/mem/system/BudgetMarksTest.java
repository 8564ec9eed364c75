package dev.banos.mem.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.OtherThread;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a budget shows while a request is on its way up. */
class BudgetMarksTest {
    private static final long PAGE = Kernel.PAGE_BYTES;
    private static final int REQUESTS = 300_000;

    /** It counts below only when it has been met above: whoever allocates there meanwhile has no action to run. */
    @Test
    @Timeout(60)
    void aRequestThatIsRefusedAboveReachesNoMarkBelow() {
        Budget parent = new Budget("parent", null, PAGE, Budget.UNLIMITED, null);
        Budget child = new Budget("child", parent, Budget.UNLIMITED, 2 * PAGE, now -> { });
        AtomicBoolean reached = new AtomicBoolean();
        AtomicBoolean used = new AtomicBoolean();
        OtherThread asking = OtherThread.start(() -> {
            for (int i = 0; i < REQUESTS; i++) {
                assertThat(child.reserve(2 * PAGE)).isFalse();
            }
        });
        while (asking.isAlive()) {
            reached.compareAndSet(false, child.isCallDue());
            used.compareAndSet(false, child.usedBytes() != 0);
        }
        asking.join();
        assertThat(reached).isFalse();
        assertThat(used).isFalse();
        assertThat(child.figures().peakBytes()).isZero();
        assertThat(parent.figures().refusals()).isEqualTo(REQUESTS);
        assertThat(child.reserve(PAGE)).as("all was given back").isTrue();
    }
}
