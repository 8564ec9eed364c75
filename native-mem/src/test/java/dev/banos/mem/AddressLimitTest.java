package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Under {@code ulimit -v}, in a JVM of its own: what runs out comes back with the frees, and small blocks never go away. */
class AddressLimitTest {
    private static final long LIMIT_KIB = 4_000_000;
    private static final long LARGE = 200_000;

    /** What the child runs: takes large blocks, before any small one, until there are no addresses left. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            int first = exhaust().size();
            boolean small = Malloc.malloc(100) != 0;
            System.out.println((first > 1000) + " " + small + " " + (exhaust().size() >= first - 1));
        }

        private static List<Long> exhaust() {
            List<Long> blocks = new ArrayList<>();
            for (long block = Malloc.malloc(LARGE); block != 0; block = Malloc.malloc(LARGE)) {
                blocks.add(block);
            }
            blocks.forEach(Malloc::free);
            return blocks;
        }
    }

    @Test
    void smallBlocksOutliveTheExhaustionOfAddresses() throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = place(Child.class) + ":" + place(Malloc.class) + ":" + place(Native.class);
        Process child = new ProcessBuilder("sh", "-c", "ulimit -v " + LIMIT_KIB + " && exec \"$@\"", "sh", java, "-Xmx128m",
                "-XX:ReservedCodeCacheSize=48m", "-XX:CompressedClassSpaceSize=48m",
                "--enable-native-access=ALL-UNNAMED", "-cp", classes, Child.class.getName()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(output).isEqualToIgnoringWhitespace("true true true");
    }

    /** Surefire patches the tests into the module, so a class's own file says where it really is. */
    private static String place(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        String url = type.getResource("/" + file).toString();
        return url.startsWith("jar:") ? url.substring("jar:file:".length(), url.indexOf('!'))
                : url.substring("file:".length(), url.length() - file.length());
    }
}
