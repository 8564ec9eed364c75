package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;

/**
 * Runs the tests of jcstress that stand beside this class, in JVMs of their own: everyday for a moment each, in one way to
 * compile; with the profile {@code jcstress} for as long as {@code -Djcstress.arguments=} says. See docs/testing.md of native-mem.
 */
class ProtocolsTest {
    /** What {@code CarriedThread} needs, and the allocator. */
    private static final String JVM_ARGUMENTS = "--enable-native-access=ALL-UNNAMED --add-opens=java.base/java.lang=ALL-UNNAMED";
    /** The states are larger than jcstress expects: pools, heaps, threads. */
    private static final List<String> FEW_STATES_AT_ONCE = List.of("-strideSize", "64", "-strideCount", "16");
    private static final List<String> FOR_A_MOMENT = List.of("-f", "1", "-iters", "1", "-time", "50", "-sc", "false");

    @Test
    void noThreadSeesWhatIsForbidden() throws IOException, InterruptedException {
        String arguments = System.getProperty("jcstress.arguments", "");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), Main.class.getName(),
                "-r", "jcstress"));
        command.addAll(FEW_STATES_AT_ONCE);
        if (arguments.isBlank()) {
            command.addAll(FOR_A_MOMENT);
            command.addAll(List.of("-jvmArgs", JVM_ARGUMENTS));
        } else {
            command.addAll(List.of(arguments.trim().split("\\s+")));
            command.addAll(List.of("-jvmArgsPrepend", JVM_ARGUMENTS));
        }
        assertThat(run(command)).contains("RUN RESULTS:").contains("Failed tests: No matches.").contains("Error tests: No matches.");
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(command).directory(new File("target")).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor()).as(output).isZero();
        return output;
    }
}
