package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.thread.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link VirtualThreadStress} under schedulers of several sizes, each in a JVM of its own. */
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

    private static void run(String... flags) throws Exception {
        List<String> all = new ArrayList<>(List.of("-ea", "--enable-native-access=ALL-UNNAMED", "-Dbanos.mem.purgeDelayMillis=5"));
        all.addAll(List.of(flags));
        assertThat(ChildJvm.run(List.of(), all, VirtualThreadStress.class)).isEqualTo("held\n");
    }
}
