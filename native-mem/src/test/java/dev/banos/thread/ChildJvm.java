package dev.banos.thread;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own on the class path, for what a test must not do to the one that it runs in. */
public final class ChildJvm {
    private ChildJvm() {
    }

    /**
     * @param before what stands before {@code java}: a command that runs the one given as its arguments; or nothing
     * @return what the main class printed, to either stream
     */
    public static String run(List<String> before, List<String> flags, Class<?> main) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-cp", place(main) + ":" + place(Malloc.class) + ":" + place(Native.class), main.getName()));
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
