package dev.banos.interleave;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.interleave.Interleavings.Scenario;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The protocols between threads, in every order of their steps up to a number of preemptions. */
class InterleavingsTest {
    private static final int PROTOCOLS = 18;

    @Test
    void everyOrderWithTwoPreemptions() throws IOException, InterruptedException {
        assertAllHold(2);
    }

    @Test
    @Tag("campaign")
    void everyOrderWithThreePreemptions() throws IOException, InterruptedException {
        assertAllHold(3);
    }

    private static void assertAllHold(int preemptions) throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-ea", "-Dexplore.preemptions=" + preemptions), Explore.class).output();
        assertThat(output).doesNotContain("BROKEN").contains("all tried");
        assertThat(output.lines().filter(line -> line.contains(": holds in "))).hasSize(PROTOCOLS);
    }

    /** Two threads that read, then write: the update of one is lost where the other comes in between. */
    private static final class LostUpdate implements Scenario {
        private int count;

        @Override
        public List<Runnable> threads() {
            return List.of(this::add, this::add);
        }

        private void add() {
            Interleavings.step();
            int seen = count;
            Interleavings.step();
            count = seen + 1;
        }

        @Override
        public void check() {
            if (count != 2) {
                throw new AssertionError("an update is lost");
            }
        }
    }

    @Test
    void anErrorThatNeedsAPreemptionIsFoundWithOneAndNotWithNone() throws InterruptedException {
        assertThat(Interleavings.explore(LostUpdate::new, 0)).isEqualTo(2);
        assertThatThrownBy(() -> Interleavings.explore(LostUpdate::new, 1)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("an update is lost");
    }

    @Test
    void withoutABoundEachOrderIsTriedOnce() throws InterruptedException {
        Scenario[] last = new Scenario[1];
        int orders = Interleavings.explore(() -> last[0] = new ThreeSteps(), 100);
        assertThat(orders).isEqualTo(20); // 6 over 3
    }

    private static final class ThreeSteps implements Scenario {
        @Override
        public List<Runnable> threads() {
            Runnable two = () -> {
                Interleavings.step();
                Interleavings.step();
            };
            return List.of(two, two);
        }

        @Override
        public void check() {
            assertThat(threads()).hasSize(2);
        }
    }
}
