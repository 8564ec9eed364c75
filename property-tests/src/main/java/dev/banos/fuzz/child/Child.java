package dev.banos.fuzz.child;

import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Progress;
import dev.banos.fuzz.text.Quoted;
import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One child process: started, asked, watched, ended. */
public final class Child implements AutoCloseable {
    /** What became of a question. */
    public enum End { ANSWERED, DIED, HUNG, GREW }

    public record Answer(End end, String[] words) {
    }

    /** What a child answers, before the reason, that cannot have its target. */
    public static final String UNUSABLE = "unusable";

    private static final String[] NO_WORDS = {};
    private static final String END_OF_OUTPUT = "";
    private static final long POLL_MILLIS = 50;
    private static final int PIECE = 8192;
    private static final int LONGEST_LINE = 1 << 20;
    private static final int LINES_REMEMBERED = 100;
    private static final int LENGTH_REMEMBERED = 1000;
    /** Between the end of its output and its own. */
    private static final long DEATH_SECONDS = 10;
    private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long LARGEST_RESIDENT_PAGES = (1L << 30) / Bytes.PAGE;
    private static final long LARGEST_IN_REPLAY = LARGEST_RESIDENT_PAGES / 2;

    private final Path folder;
    private final Function<String, ? extends RuntimeException> unusable;
    @SuppressWarnings("NullAway.Init") // by start
    private Process process;
    @SuppressWarnings("NullAway.Init")
    private Writer commands;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final String mark = UUID.randomUUID().toString();
    private final List<String> saidBeforeReady = new ArrayList<>();
    private volatile boolean isReady;
    private final Progress progress;
    private final Path crashReport;
    private final long mostPages;

    /**
     * @param settled whether it replays a few programs: such a one has not been running for long
     * @param unusable what is thrown, with a line that says why, where the child cannot have its target
     */
    public Child(Path folder, Progress progress, boolean settled, Function<String, ? extends RuntimeException> unusable) {
        this.folder = folder;
        this.unusable = unusable;
        this.progress = progress;
        mostPages = settled ? LARGEST_IN_REPLAY : LARGEST_RESIDENT_PAGES;
        crashReport = folder.resolve("crash-" + mark + ".log");
    }

    /** What each of its answers begins with. */
    public String mark() {
        return mark;
    }

    /** Where it says how it crashed, if it can. */
    public Path crashReport() {
        return crashReport;
    }

    /** @param environment is added to this process's; where a variable is there already, before it and a colon */
    public void start(List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).directory(new File("."));
        environment.forEach((name, value) -> builder.environment().merge(name, value, (theirs, ours) -> ours + ":" + theirs));
        try {
            process = builder.start();
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot start a child process in " + folder + ": " + failed.getMessage(), failed);
        }
        commands = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::readLines, "fuzz-answers");
        reader.setDaemon(true);
        try {
            reader.start();
        } catch (OutOfMemoryError noThread) {
            close();
            throw new UncheckedIOException("cannot watch a child process: " + noThread.getMessage(), new IOException(noThread));
        }
    }

    /** A target may print without end and without ends of lines: of what is no answer, little is kept. */
    private void readLines() {
        StringBuilder line = new StringBuilder();
        char[] piece = new char[PIECE];
        try (Reader in = process.inputReader(StandardCharsets.UTF_8)) {
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                for (int i = 0; i < count; i++) {
                    if (piece[i] == '\n') {
                        take(line.toString());
                        line.setLength(0);
                    } else {
                        line.append(piece[i]);
                    }
                }
                if (line.length() > LONGEST_LINE) {
                    int answer = line.indexOf(mark); // which may begin anywhere, and be here only in part
                    line.delete(0, answer > 0 ? answer : line.length() - mark.length());
                }
            }
            remember(line.toString()); // half an answer is none
        } catch (IOException closed) {
            // as its end
        } finally {
            lines.add(END_OF_OUTPUT);
        }
    }

    private void take(String line) {
        int at = line.indexOf(mark + "\t");
        if (at >= 0) {
            lines.add(line.substring(at));
        } else {
            remember(line);
        }
    }

    /** The first lines, among which are the dynamic linker's, and the last. */
    private void remember(String line) {
        if (!isReady && !line.isBlank()) {
            synchronized (saidBeforeReady) {
                if (saidBeforeReady.size() == LINES_REMEMBERED) {
                    saidBeforeReady.removeLast();
                }
                saidBeforeReady.add(line.substring(0, Math.min(line.length(), LENGTH_REMEMBERED)));
            }
        }
    }

    /** Waits until the child is ready; what it says then. Throws where it cannot have its target. */
    public String awaitReady(String target) {
        Answer answer = await(START_NANOS);
        if (answer.end != End.ANSWERED) {
            throw unusable.apply(target + ": the child process that should load it ended before it was ready ("
                    + describeEnd(answer) + (Files.exists(crashReport) ? "" : saidLast()) + ")");
        }
        isReady = true;
        return answer.words[2];
    }

    /** The lines that are no answers: of the dynamic linker, for one. */
    public List<String> saidBeforeReady() {
        synchronized (saidBeforeReady) {
            return List.copyOf(saidBeforeReady);
        }
    }

    /** @param hangNanos how long it may stay at one operation */
    public Answer ask(String command, long hangNanos) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException died) {
            return await(hangNanos); // its last words say more than the broken pipe
        }
        return await(hangNanos);
    }

    private Answer await(long hangNanos) {
        Standstill standstill = new Standstill(state(), System.nanoTime());
        try {
            while (true) {
                String line = lines.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (line != null) {
                    return line.equals(END_OF_OUTPUT) ? died() : answered(line.split("\t", -1));
                }
                if (residentPages() > mostPages) {
                    return killed(End.GREW);
                }
                if (standstill.look(state(), System.nanoTime()) > hangNanos) {
                    return killed(End.HUNG);
                }
            }
        } catch (InterruptedException interrupted) {
            close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the target ran", interrupted);
        }
    }

    /** Throws if the child says that it cannot have its target, or cannot have it anew. */
    private Answer answered(String[] words) {
        if (words[1].equals(UNUSABLE)) {
            throw unusable.apply(Quoted.fromField(words[2]));
        }
        return new Answer(End.ANSWERED, words);
    }

    private long state() {
        return progress.tries() * 1_000_003 + progress.round() * 127L + progress.operation() * 31L + progress.phase() + progress.slot();
    }

    /** Whether it has become so large that a fresh one is better: a closed copy of a library leaves its memory behind. */
    public boolean isWornOut() {
        return residentPages() > LARGEST_RESIDENT_PAGES / 3;
    }

    private long residentPages() {
        try {
            return Long.parseLong(Files.readString(Path.of("/proc/" + process.pid() + "/statm")).split(" ")[1]);
        } catch (IOException | ArrayIndexOutOfBoundsException ended) {
            return 0;
        }
    }

    /** It answers on its output, which a target may have closed. */
    private Answer died() throws InterruptedException {
        return process.waitFor(DEATH_SECONDS, TimeUnit.SECONDS) ? new Answer(End.DIED, NO_WORDS) : killed(End.HUNG);
    }

    private Answer killed(End end) {
        close();
        return new Answer(end, NO_WORDS);
    }

    /** Of a crash report, whose lines begin with #, the essence is told anyway. */
    private String saidLast() {
        return saidBeforeReady().reversed().stream().filter(line -> !line.startsWith("#")).findFirst()
                .map(line -> ", and said: " + line.strip()).orElse("");
    }

    private String describeEnd(Answer answer) {
        return switch (answer.end) {
            case HUNG -> "it did not return within " + TimeUnit.NANOSECONDS.toSeconds(START_NANOS) + " s";
            case GREW -> "it took more than " + (mostPages * Bytes.PAGE >> 20) + " MiB";
            default -> describeDeath();
        };
    }

    /** How a child that died did so, in words that do not differ from run to run. */
    public String describeDeath() {
        return CrashReport.describe(process.exitValue(), crashReport);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
