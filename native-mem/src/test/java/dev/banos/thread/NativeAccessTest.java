package dev.banos.thread;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
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
        String output = run("--illegal-native-access=deny");
        assertThat(output).contains("--enable-native-access=ALL-UNNAMED").contains("NativeAccessError")
                .doesNotContain("block true");
    }

    @Test
    void withTheFlagItRunsWithoutAWarning() throws IOException, InterruptedException {
        assertThat(run("--enable-native-access=ALL-UNNAMED")).isEqualToIgnoringWhitespace("block true");
    }

    private static String run(String flag) throws IOException, InterruptedException {
        return ChildJvm.run(List.of(), List.of(flag), Child.class);
    }
}
