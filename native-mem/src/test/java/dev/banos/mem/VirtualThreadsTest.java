package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.thread.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link VirtualThreadStress} under schedulers of several sizes, and what goes back to the system, each in a JVM of its own. */
@Timeout(300)
class VirtualThreadsTest {
    @Test
    void onOneCarrier() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1");
    }

    @Test
    void onTwoCarriers() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=2", "-Djdk.virtualThreadScheduler.maxPoolSize=2");
    }

    @Test
    void onEightCarriersAndMoreWherePinnedThreadsWait() throws Exception {
        run("-Djdk.virtualThreadScheduler.parallelism=8", "-Djdk.virtualThreadScheduler.maxPoolSize=64");
    }

    @Test
    void whatOthersFreeInThePoolOfARunningThreadGoesBackWhenItHasEnded() throws Exception {
        assertThat(ChildJvm.run(List.of(), flags(), LeasedPoolPurge.class))
                .isEqualTo("of a running thread kept\nof an ended one given back\n");
    }

    private static void run(String... flags) throws Exception {
        assertThat(ChildJvm.run(List.of(), flags(flags), VirtualThreadStress.class)).isEqualTo("held\n");
    }

    private static List<String> flags(String... more) {
        List<String> all = new ArrayList<>(List.of("-ea", "--enable-native-access=ALL-UNNAMED", "-Dbanos.mem.purgeDelayMillis=5"));
        all.addAll(List.of(more));
        return all;
    }
}
