package dev.banos.mem.agent.clusters;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unmodified Spark on a cluster of three JVMs: a driver and two executors, whose off-heap memory is ours. */
class SparkTest {
    @TempDir
    Path folder;

    @Test
    void theOffHeapMemoryOfBothExecutorsIsOurs() throws Exception {
        Path statistics = Files.createDirectory(folder.resolve("statistics"));
        Path driver = folder.resolve("driver.txt");
        Path home = Path.of("target/spark-home").toAbsolutePath();
        Program.linkJars(Files.createDirectories(home.resolve("jars")));
        List<String> flags = new ArrayList<>(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        flags.addAll(List.of("-Xmx1g", "-javaagent:" + Program.JAR + "=stats=" + driver));

        String output = Program.compile(folder, "SparkJob").run(
                Map.of("SPARK_HOME", home.toString(), "SPARK_SCALA_VERSION", "2.13", "SPARK_LOCAL_IP", "127.0.0.1"), flags,
                List.of("1", "spark.master=local-cluster[2,1,1024]", "spark.ui.enabled=false", "spark.sql.shuffle.partitions=4",
                        "spark.scheduler.minRegisteredResourcesRatio=1.0", // so that both have work, however slowly they start
                        "spark.scheduler.maxRegisteredResourcesWaitingTime=10m",
                        "spark.sql.warehouse.dir=" + folder.resolve("warehouse"),
                        "spark.memory.offHeap.enabled=true", "spark.memory.offHeap.size=512m", "spark.executor.extraJavaOptions=-javaagent:"
                                + Program.JAR + "=include=org.apache.spark,stats=" + statistics.resolve("executor-%p.txt")));

        assertThat(output).contains("right answer").doesNotContain("wrong answer");
        assertThat(Program.contents(statistics)).hasSize(2).allSatisfy(SparkTest::allWasFreed);
        allThatIsNotFreedIsLive(Files.readString(driver));
    }

    private static void allWasFreed(String executor) {
        assertThat(Program.count(executor, "allocations")).as(executor).isGreaterThan(5);
        assertThat(Program.count(executor, "frees")).as(executor).isEqualTo(Program.count(executor, "allocations"));
        assertThat(Program.count(executor, "allocations passed on")).as(executor).isZero();
        assertThat(Program.count(executor, "frees passed on")).as(executor).isZero();
        assertThat(Program.count(executor, "classes not rewritten")).as(executor).isZero();
        assertThat(Program.liveBlocks(executor)).as(executor).isZero();
    }

    /** With every class rewritten, Netty's are, too: and its pool keeps what it has to the end. */
    private static void allThatIsNotFreedIsLive(String driver) {
        assertThat(Program.count(driver, "allocations")).as(driver).isPositive();
        assertThat(Program.count(driver, "allocations") - Program.count(driver, "frees")).as(driver)
                .isEqualTo(Program.liveBlocks(driver));
    }
}
