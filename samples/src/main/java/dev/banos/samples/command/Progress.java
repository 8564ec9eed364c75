package dev.banos.samples.command;

import java.io.Console;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** A bar on the terminal for work on files that takes a while. */
public final class Progress implements AutoCloseable {
    public static final Progress NONE = new Progress("", 0, null);

    private static final long LARGE_BYTES = 1 << 24;
    private static final int WIDTH = 40;
    // A bar that wraps in a narrow window would leave a line behind at each step.
    private static final String CUT_AT_THE_EDGE = "\u001B[?7l";
    private static final String WRAP_AT_THE_EDGE = "\u001B[?7h";

    private final String name;
    private final long total;
    private final @Nullable PrintStream err;
    private long done;
    private int percentShown = -1;

    private Progress(String name, long total, @Nullable PrintStream err) {
        this.name = Terminal.printable(name);
        this.total = total;
        this.err = err;
    }

    /** {@link #NONE} for a small file, and where nobody watches. */
    public static Progress of(String name, long bytes, PrintStream err) {
        return of(name, bytes, isLarge(bytes), err);
    }

    /** {@link #NONE} for work that is soon over, and where nobody watches. */
    public static Progress of(String name, long total, boolean takesLong, PrintStream err) {
        Console console = takesLong ? System.console() : null;
        boolean watched = err == System.err && console != null && console.isTerminal();
        return watched ? shown(name, total, err) : NONE;
    }

    /** Whether so many bytes are worth a bar. */
    public static boolean isLarge(long bytes) {
        return bytes >= LARGE_BYTES;
    }

    public static Progress shown(String name, long bytes, PrintStream err) {
        return new Progress(name, bytes, err);
    }

    public void advance(long bytes) {
        reach(done + bytes);
    }

    /** All of it that is done by now. */
    public void reach(long now) {
        if (err == null) {
            return;
        }
        done = now;
        int percent = (int) Math.min(100, done * 100 / total);
        if (percent != percentShown) {
            percentShown = percent;
            int filled = percent * WIDTH / 100;
            err.print("\r" + CUT_AT_THE_EDGE + "[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " + percent + "% " + name
                    + WRAP_AT_THE_EDGE);
            err.flush();
        }
    }

    /** Leaves the line empty for a message; the next advance draws the bar anew. */
    public void hide() {
        if (err != null && percentShown >= 0) {
            err.print("\r\u001B[K");
            err.flush();
            percentShown = -1;
        }
    }

    /** Leaves the line empty. */
    @Override
    public void close() {
        hide();
    }
}
