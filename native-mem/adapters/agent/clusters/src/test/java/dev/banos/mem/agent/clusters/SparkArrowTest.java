package dev.banos.mem.agent.clusters;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unmodified Spark whose batches of Arrow are in our memory, because a jar of the right name is on its class path. No agent. */
class SparkArrowTest {
    private static final String JARS = System.getProperty("banos.arrow.jars");
    /** A batch has 10,000 rows, so the job makes six, and reads six: Spark 4.2.0 with Arrow 19.0.0 needs 22 chunks for them. */
    private static final int LEAST = 6 + 6;

    @TempDir
    Path folder;

    @Test
    void eachChunkOfArrowIsOursAndIsFreed() throws Exception {
        Path recording = folder.resolve("arrow.jfr");
        List<String> flags = new ArrayList<>(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        flags.addAll(List.of("-Xmx1g", "--enable-native-access=ALL-UNNAMED", "-Dbanos.mem.leaks=full",
                "-XX:StartFlightRecording:filename=" + recording + ",dev.banos.mem.FreeSample#enabled=true"));

        String output = Program.compile(folder, "SparkArrowJob").with(JARS).run(Map.of("SPARK_LOCAL_IP", "127.0.0.1"), flags,
                List.of(folder.resolve("warehouse").toString()));

        assertThat(output).contains("right answer").contains("banos: 0 bytes live in 0 stacks");
        List<RecordedEvent> frees = frees(recording);
        assertThat(frees).hasSizeGreaterThanOrEqualTo(LEAST).allSatisfy(free -> assertThat(frames(free)).as(free.toString())
                .anyMatch(frame -> frame.startsWith("dev.banos.adapter.arrow."))
                .anyMatch(frame -> frame.startsWith("org.apache.arrow.memory."))
                .anyMatch(frame -> frame.startsWith("org.apache.spark.sql.execution.arrow.")));
        assertThat(frees).as("one has the text of 10,000 rows").anyMatch(free -> free.getLong("size") > 40_000);
    }

    /** With each block remembered, each free is an event; and as none is live at the end, each allocation was freed. */
    private static List<RecordedEvent> frees(Path recording) throws IOException {
        return RecordingFile.readAllEvents(recording).stream()
                .filter(event -> event.getEventType().getName().equals("dev.banos.mem.FreeSample")).toList();
    }

    private static List<String> frames(RecordedEvent event) {
        return event.getStackTrace().getFrames().stream()
                .map(frame -> frame.getMethod().getType().getName() + "." + frame.getMethod().getName()).toList();
    }
}
