package dev.banos.samples.replay;

import dev.banos.samples.command.Terminal;
import java.nio.file.Path;
import java.util.Locale;

/** What was found, for people and for programs. */
record ReplayReport(String target, Path file, int operations, TraceFigures figures, Timing timing, Footprint footprint) {

    String text() {
        return String.format(Locale.ROOT, """
                target     %s
                trace      %s: %,d operations, at most %,d bytes live
                contents   verified
                time       %.1f ns an operation; %.2f ms a round, the median of %d from %.2f to %.2f
                footprint  %s at the peak%s; %s after the frees, %s after trim
                resident   %s before, %s at the peak, %s after the frees, %s after trim: %.1f %% of before
                """,
                Terminal.printable(target),
                Terminal.printable(String.valueOf(file.getFileName())), operations, figures.peakBytes(),
                nanosPerOperation(), millis(timing.median()), timing.rounds(), millis(timing.fastest()), millis(timing.slowest()),
                mebibytes(footprint.growth()), footprintOverLive(),
                mebibytes(footprint.afterFrees() - footprint.before()), mebibytes(footprint.afterTrim() - footprint.before()),
                mebibytes(footprint.before()), mebibytes(footprint.peak()), mebibytes(footprint.afterFrees()),
                mebibytes(footprint.afterTrim()), percentOfBefore());
    }

    String json() {
        return String.format(Locale.ROOT, """
                {
                  "target": %s,
                  "trace": %s,
                  "operations": %d,
                  "peakLiveBytes": %d,
                  "verified": true,
                  "nanosPerOperation": %.3f,
                  "rounds": %d,
                  "roundNanos": {"median": %d, "fastest": %d, "slowest": %d},
                  "residentBytes": {"before": %d, "peak": %d, "afterFrees": %d, "afterTrim": %d}
                }
                """,
                quoted(target), quoted(file.toString()), operations, figures.peakBytes(), nanosPerOperation(), timing.rounds(),
                timing.median(), timing.fastest(), timing.slowest(),
                footprint.before(), footprint.peak(), footprint.afterFrees(), footprint.afterTrim());
    }

    /** As JSON has it (RFC 8259, section 7). */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c < ' ' || c == '"' || c == '\\' || Character.isSurrogate(c)) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    private double nanosPerOperation() {
        return (double) timing.median() / operations;
    }

    /** Of nothing but empty blocks there is no ratio. */
    private String footprintOverLive() {
        return figures.peakBytes() == 0 ? ""
                : String.format(Locale.ROOT, ", %.2f times the live bytes", (double) footprint.growth() / figures.peakBytes());
    }

    private double percentOfBefore() {
        return 100.0 * footprint.afterTrim() / footprint.before();
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
}
