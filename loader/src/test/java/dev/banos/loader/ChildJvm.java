package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.libc.pthread.DriverExports;
import dev.banos.mem.Malloc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own that loads the object named, as {@link DebuggedProgram} does a driver. */
final class ChildJvm {
    private ChildJvm() {
    }

    /** @return what it printed, errors too */
    static String load(List<String> before, List<String> flags, Path driver) throws IOException, InterruptedException {
        return run(before, flags, DebuggedProgram.class, driver.toString());
    }

    /** As {@link #load}, of another program. */
    static String run(List<String> before, List<String> flags, Class<?> program, String argument)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", String.join(":", place(program),
                place(Loader.class), place(DriverExports.class), place(Malloc.class), place(Native.class)),
                program.getName(), argument));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    /** Surefire patches the tests into the module, so a class's own file says where it really is. */
    private static String place(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        String url = type.getResource("/" + file).toString();
        return url.startsWith("jar:") ? url.substring("jar:file:".length(), url.indexOf('!'))
                : url.substring("file:".length(), url.length() - file.length());
    }
}
