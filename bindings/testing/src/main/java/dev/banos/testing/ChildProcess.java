package dev.banos.testing;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
        Family family = new Family(command.start());
        Process child = family.child;
        try {
            child.getOutputStream().close();
            ByteArrayOutputStream written = new ByteArrayOutputStream();
            OtherThread reader = OtherThread.start(() -> child.getInputStream().transferTo(written));
            if (!family.ends(reader, patience)) {
                throw new AssertionError(command.command() + (child.isAlive() ? " did not end within "
                        : " ended, but what it started held its output open for ") + patience + ", and wrote\n" + text(written));
            }
            reader.join();
            return new ChildProcess(List.copyOf(command.command()), child.exitValue(), text(written));
        } finally {
            family.end();
        }
    }

    private static String text(ByteArrayOutputStream written) {
        return written.toString(StandardCharsets.UTF_8);
    }

    /**
     * A child and what it started, which may outlive it and hold its output open. Then the system no longer knows whose it is: so
     * one looks while the child lives, and finds what runs for longer than the pauses.
     */
    private static final class Family {
        private static final long FIRST_LOOK_MILLIS = 10;
        private static final long LONGEST_PAUSE_MILLIS = 1000;

        final Process child;
        private final Set<ProcessHandle> descendants = new HashSet<>();

        Family(Process child) {
            this.child = child;
        }

        /** @return whether the child ended and all of its output was read in time */
        boolean ends(OtherThread reader, Duration patience) throws InterruptedException {
            long start = System.nanoTime();
            for (long pause = FIRST_LOOK_MILLIS;; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
                long left = patience.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
                Duration wait = Duration.ofMillis(Math.min(pause, left));
                if (reader.ends(wait) && child.waitFor(wait)) {
                    return true;
                }
                if (left <= 0) {
                    return false;
                }
                look();
            }
        }

        private void look() {
            child.descendants().forEach(descendants::add);
        }

        void end() {
            look();
            descendants.forEach(ProcessHandle::destroyForcibly);
            child.destroyForcibly();
        }
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
