package dev.banos.thread;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = place(Child.class) + ":" + place(Malloc.class) + ":" + place(dev.banos.bindings.Native.class);
        Process child = new ProcessBuilder(java, flag, "-cp", classes, Child.class.getName()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /** Surefire patches the tests into the module, so a class's own file says where it really is. */
    private static String place(Class<?> type) throws IOException {
        String file = type.getName().replace('.', '/') + ".class";
        String url = type.getResource("/" + file).toString();
        String path = url.startsWith("jar:") ? url.substring("jar:file:".length(), url.indexOf('!'))
                : url.substring("file:".length(), url.length() - file.length());
        return path;
    }
}
