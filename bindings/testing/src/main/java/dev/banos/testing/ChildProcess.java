package dev.banos.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that a test started, and that has ended.
 *
 * @param output what it wrote, errors too where they were not redirected
 */
public record ChildProcess(List<String> command, int status, String output) {
    /** Longer than any test's child runs on a busy machine: one that hangs fails its test, and not the build. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /** @param command the program, and its arguments */
    public static ChildProcess run(List<String> command) throws IOException, InterruptedException {
        return run(new ProcessBuilder(command));
    }

    /** For a command with a folder, an environment or an input of its own. */
    public static ChildProcess run(ProcessBuilder command) throws IOException, InterruptedException {
        return run(command, PATIENCE);
    }

    static ChildProcess run(ProcessBuilder command, Duration patience) throws IOException, InterruptedException {
        if (command.redirectError() == ProcessBuilder.Redirect.PIPE) {
            command.redirectErrorStream(true);
        }
        Process child = command.start();
        CompletableFuture<Process> ended = child.onExit().orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS);
        ended.exceptionally(tooLong -> end(child));
        try (InputStream output = child.getInputStream()) {
            child.getOutputStream().close();
            String written = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            int status = child.waitFor();
            if (ended.isCompletedExceptionally()) {
                throw new AssertionError(command.command() + " did not end within " + patience + ", and wrote\n" + written);
            }
            return new ChildProcess(List.copyOf(command.command()), status, written);
        } finally {
            end(child);
        }
    }

    /** With what it started: a grandchild would hold its output open. */
    private static Process end(Process child) {
        child.descendants().forEach(ProcessHandle::destroyForcibly);
        return child.destroyForcibly();
    }

    /** @return the output, where the process ended with the status 0: all else fails the test */
    public String succeeded() {
        if (status != 0) {
            throw new AssertionError(command + " ended with status " + status + ", and wrote\n" + output);
        }
        return output;
    }

    /** Whether a program of this name is on the path. */
    public static boolean isInstalled(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
