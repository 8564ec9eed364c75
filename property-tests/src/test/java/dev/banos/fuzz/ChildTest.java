package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.fuzz.child.Child;
import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import dev.banos.fuzz.program.Progress;
import dev.banos.testing.ChildProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Targets that do to their process what an allocator does not. */
@Timeout(300)
class ChildTest {
    private static final String EXTRA_PATH = "banos.fuzz.classpath";
    private static final String ODD = "f\u00fcr\r\t\n\\n \\ \u2028\u0085 \ud83d\ude00";

    @TempDir
    Path folder;

    @BeforeEach
    void showTestsToChildren() {
        System.setProperty(EXTRA_PATH, Path.of("target", "test-classes").toAbsolutePath().toString());
    }

    @AfterEach
    void forgetTests() {
        System.clearProperty(EXTRA_PATH);
    }

    private static List<Finding> run(Class<?> target, int tries) {
        return Campaign.of("class:" + target.getName()).withSeed(1).withTries(tries).run();
    }

    /** Whatever the locale. */
    @Test
    void anyMessageArrivesAsItIs() {
        assertThat(run(Odd.class, 1)).singleElement().satisfies(finding ->
                assertThat(finding.violation().details()).endsWith("java.lang.IllegalStateException: " + ODD));
    }

    /** In a process whose memory would not hold it. */
    @Test
    void outputWithoutEndsOfLinesIsNoAnswerAndTakesNoRoom() throws Exception {
        ChildProcess watcher = ChildProcess.run(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED", "-cp", JvmRunner.classPath(), Watcher.class.getName()));
        assertThat(watcher.succeeded()).isEqualTo("no finding\n");
    }

    public static final class Watcher {
        private Watcher() {
        }

        public static void main(String[] arguments) {
            System.out.println(run(Talkative.class, 2).isEmpty() ? "no finding" : "a finding");
        }
    }

    /** Its head is read, its end is not yet. */
    @Test
    void anAnswerBehindALongLineArrives() {
        assumeTrue(ChildProcess.isInstalled("sh"), "no shell on this machine");
        try (Child child = new Child(folder, new Progress(), false, TargetException::new)) {
            child.start(List.of("sh", "-c", "head -c 1048570 /dev/zero | tr '\\0' x; printf '%s\\tan' " + child.mark()
                    + "; sleep 1; printf 'swer\\n'; sleep 1"), Map.of());
            Child.Answer answer = child.ask("question", TimeUnit.SECONDS.toNanos(60));
            assertThat(answer.end()).isEqualTo(Child.End.ANSWERED);
            assertThat(answer.words()).containsExactly(child.mark(), "answer");
        }
    }

    @Test
    void whatIsSaidBeforeTheEndIsToldInPart() {
        assertThatThrownBy(() -> run(Dying.class, 1)).isInstanceOf(TargetException.class)
                .hasMessageContaining("exit status 9").hasMessageContaining("and said: line 199999").hasMessageNotContaining("\n");
    }

    @Test
    void oneThatIsKilledIsAFinding() {
        assertThat(run(Killed.class, 1)).singleElement().satisfies(finding -> {
            assertThat(finding.violation().law()).isEqualTo(Law.NO_CRASH);
            assertThat(finding.violation().details()).startsWith("SIGKILL");
        });
    }

    @Test
    void anInterruptThatItLeavesBehindIsNoneOfTheFuzzer() {
        Campaign campaign = Campaign.inProcess(Target.of("interrupting", Interrupting::new)).withSeed(1).withThreads(3).withTries(128);
        assertThat(campaign.run()).isEmpty();
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void anInterruptOfTheCallerEndsTheCampaignAndStays() {
        Campaign campaign = Campaign.of("glibc").withTries(256).withListener(statistics -> Thread.currentThread().interrupt());
        try {
            assertThatThrownBy(campaign::run).isInstanceOf(IllegalStateException.class).hasMessage("interrupted while the target ran");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    public static class Odd extends ToyAllocator {
        public Odd() {
            super(Fault.NONE);
        }

        @Override
        public synchronized void free(long address) {
            throw new IllegalStateException(ODD);
        }
    }

    public static class Talkative extends ToyAllocator {
        private static final String PIECE = "x".repeat(1 << 20);
        private static final int PIECES = 300;

        public Talkative() {
            super(Fault.NONE);
            for (int i = 0; i < PIECES; i++) {
                System.out.print(PIECE);
            }
            System.out.flush();
        }
    }

    public static class Dying extends ToyAllocator {
        private static final int LINES = 200_000;

        public Dying() {
            super(Fault.NONE);
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < LINES; i++) {
                lines.append("line ").append(i).append('\n');
            }
            System.out.print(lines);
            System.out.flush();
            System.exit(9);
        }
    }

    /** By a shell, whose own {@code kill} is always there. */
    public static class Killed extends ToyAllocator {
        public Killed() {
            super(Fault.NONE);
        }

        @Override
        public synchronized void free(long address) {
            try {
                new ProcessBuilder("sh", "-c", "kill -9 " + ProcessHandle.current().pid()).start().waitFor();
            } catch (java.io.IOException | InterruptedException failed) {
                throw new IllegalStateException(failed);
            }
        }
    }

    private static final class Interrupting extends ToyAllocator {
        Interrupting() {
            super(Fault.NONE);
        }

        @Override
        public synchronized void free(long address) {
            super.free(address);
            Thread.currentThread().interrupt();
        }

        @Override
        public void close() {
            super.close();
            Thread.currentThread().interrupt();
        }
    }
}
