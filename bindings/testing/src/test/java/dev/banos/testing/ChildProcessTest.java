package dev.banos.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {
    @TempDir
    Path folder;

    @Test
    void bothStreamsAndTheStatusAreKept() throws Exception {
        ChildProcess child = ChildProcess.run(shell("echo one; echo two >&2; exit 3"));
        assertThat(child.output()).isEqualTo("one\ntwo\n");
        assertThat(child.status()).isEqualTo(3);
    }

    @Test
    void aFailureSaysWhatWasWritten() throws Exception {
        assertThat(ChildProcess.run(shell("echo fine")).succeeded()).isEqualTo("fine\n");
        ChildProcess failed = ChildProcess.run(shell("echo the reason; exit 1"));
        assertThatThrownBy(failed::succeeded).isInstanceOf(AssertionError.class).hasMessageContaining("status 1", "the reason");
    }

    /** Its input is at its end: who asks a question of nobody does not wait. */
    @Test
    void nothingIsRead() throws Exception {
        assertThat(ChildProcess.run(List.of("cat")).succeeded()).isEmpty();
    }

    @Test
    void whatHangsIsEndedWithAllThatItStarted() {
        ProcessBuilder hangs = new ProcessBuilder(shell("echo begun; sleep 100000 & sleep 100000"));
        assertThatThrownBy(() -> ChildProcess.run(hangs, Duration.ofMillis(500))).isInstanceOf(AssertionError.class)
                .hasMessageContaining("did not end", "begun");
    }

    /** Without a look while the shell runs, nobody would know of the other one, whose end is that of the output. */
    @Test
    void whatOutlivesItsParentIsEndedToo() throws Exception {
        Path alive = folder.resolve("alive");
        String lives = "while [ $((i += 1)) -le 200 ]; do echo $i >" + alive + "; sleep 0.1; done";
        ProcessBuilder leaves = new ProcessBuilder(shell("(" + lives + ") & echo begun; sleep 1"));
        assertThatThrownBy(() -> ChildProcess.run(leaves, Duration.ofSeconds(2))).isInstanceOf(AssertionError.class)
                .hasMessageContaining("held its output open", "begun");
        Thread.sleep(500);
        Files.delete(alive);
        Thread.sleep(500);
        assertThat(alive).doesNotExist();
    }

    @Test
    void errorsGoWhereTheBuilderSays() throws Exception {
        Path errors = folder.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(shell("echo one; echo two >&2")).redirectError(errors.toFile());
        assertThat(ChildProcess.run(builder).succeeded()).isEqualTo("one\n");
        assertThat(Files.readString(errors)).isEqualTo("two\n");
    }

    private static List<String> shell(String script) {
        return List.of("sh", "-c", script);
    }
}
