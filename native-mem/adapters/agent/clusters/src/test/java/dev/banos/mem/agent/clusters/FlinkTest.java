package dev.banos.mem.agent.clusters;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unmodified Flink with its mini cluster, whose managed memory is ours. */
class FlinkTest {
    @TempDir
    Path folder;

    @Test
    void theManagedMemoryIsOurs() throws Exception {
        Path statistics = folder.resolve("flink.txt");
        String output = Program.compile(folder, "FlinkJob").run(Map.of(), List.of("--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.util=ALL-UNNAMED", "-javaagent:" + Program.JAR + "=stats=" + statistics), List.of());

        assertThat(output).contains("right answer");
        String counted = Files.readString(statistics);
        assertThat(Program.count(counted, "allocations")).as(counted).isGreaterThan(1000);
        assertThat(Program.count(counted, "frees")).as(counted).isEqualTo(Program.count(counted, "allocations"));
        assertThat(Program.count(counted, "allocations passed on")).as(counted).isZero();
        assertThat(Program.count(counted, "classes not rewritten")).as(counted).isZero();
        assertThat(Program.liveBlocks(counted)).as(counted).isZero();
    }
}
