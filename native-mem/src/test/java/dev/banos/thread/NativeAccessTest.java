package dev.banos.thread;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Without native access the first call stops with the flag to add, in a JVM of its own. */
class NativeAccessTest {
    /** What the child runs. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            System.out.println("block " + (Malloc.malloc(100) != 0));
        }
    }

    @Test
    void withoutTheFlagTheMessageNamesIt() throws IOException, InterruptedException {
        List<String> denied = List.of("--illegal-native-access=deny", "-cp", ChildJvm.classPath(Child.class), Child.class.getName());
        String output = ChildProcess.run(ChildJvm.command(denied)).output();
        assertThat(output).contains("--enable-native-access=ALL-UNNAMED").contains("NativeAccessError")
                .doesNotContain("block true");
    }

    @Test
    void withTheFlagItRunsWithoutAWarning() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(), Child.class).output()).isEqualToIgnoringWhitespace("block true");
    }
}
