package dev.banos.samples.fuzz;

import dev.banos.bindings.FileTrouble;
import dev.banos.fuzz.Campaign;
import dev.banos.fuzz.Corpus;
import dev.banos.fuzz.Finding;
import dev.banos.fuzz.ReportFolder;
import dev.banos.fuzz.TargetException;
import dev.banos.fuzz.TraceException;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Terminal;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/** {@code banos fuzz}: points the fuzzer at an allocator and reports the shortest program that breaks it. */
public final class FuzzCommand {
    private static final int LAWFUL = 0;
    private static final int BROKEN = 1;
    private static final int INTERRUPTED = 130;

    private static final String ERASE_LINE = "\r\u001b[K";
    private static final Duration BETWEEN_LINES = Duration.ofMillis(500);

    private FuzzCommand() {
    }

    /** @return 0 when no law broke, 1 with a finding */
    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        try {
            FuzzOptions options = FuzzOptions.parse(args, out, err);
            if (options.replay == null && options.merge.isEmpty()) {
                return fuzz(options, out, err);
            }
            List<Finding> findings = options.replay != null ? replay(options.replay, options) : ReportFolder.merge(options.merge);
            Path folder = options.report;
            if (folder != null) {
                findings.forEach(finding -> write(folder, () -> new ReportFolder(folder).write(finding)));
            }
            return report(options, findings, out);
        } catch (InvalidPathException unnameable) {
            throw unnameable; // an IllegalArgumentException, which the command tells of for all its words alike
        } catch (IllegalArgumentException | TargetException | TraceException | UncheckedIOException wrong) {
            throw CommandEnd.wrongUsage(wrong);
        }
    }

    private static List<Finding> replay(Path file, FuzzOptions options) {
        Finding finding = ReportFolder.readFinding(file);
        return Campaign.of(options.target == null ? finding.target() : options.target).replay(finding).stream().toList();
    }

    private static String targetOf(FuzzOptions options) {
        return options.target == null ? "banos" : options.target;
    }

    private static int fuzz(FuzzOptions options, PrintStream out, PrintStream err) {
        Campaign campaign = campaign(options);
        boolean terminal = System.console() != null && System.console().isTerminal();
        if (terminal) {
            campaign.withListener(new ProgressLine(err));
        }
        campaign.withExitListener(() -> interrupted(campaign, options, out));
        List<Finding> findings;
        try {
            findings = campaign.run();
        } catch (UncheckedIOException | TargetException failed) { // the report folder is full, say: what was found is told at least
            if (!campaign.findings().isEmpty()) {
                printFindings(campaign.findings(), "", out);
            }
            throw failed;
        }
        if (campaign.isExiting()) {
            return INTERRUPTED; // the listener says it all
        }
        if (terminal) {
            err.print(ERASE_LINE);
        }
        print(campaign, options, out);
        int status = report(options, findings, out);
        if (campaign.isCutShort()) {
            out.println("the time to look for a shorter program was over before all were tried: --shrink gives more");
        }
        return status;
    }

    private static Campaign campaign(FuzzOptions options) {
        Campaign campaign = Campaign.of(targetOf(options)).withSeed(options.seed).withThreads(options.threads)
                .withMaxOperations(options.maxOperations).withShard(options.shard, options.shards)
                .withCorpus(Corpus.programs());
        Path report = options.report;
        if (report != null) {
            ReportFolder folder = new ReportFolder(report);
            campaign.withFindings(Files.isDirectory(report) ? folder.read() : List.of());
            campaign.withFindingListener(finding -> write(report, () -> folder.write(finding)));
        }
        if (options.tries > 0) {
            campaign.withTries(options.tries);
        }
        if (options.time != null) {
            campaign.withTime(options.time);
        }
        if (options.shrinkTime != null) {
            campaign.withShrinkTime(options.shrinkTime);
        }
        if (options.from != null) {
            campaign.withExample(options.from);
        }
        return options.keepGoing ? campaign.keepGoing() : campaign;
    }

    /** A signal ends a long campaign; what it found until then counts. */
    private static void interrupted(Campaign campaign, FuzzOptions options, PrintStream out) {
        Path report = options.report;
        if (report != null) { // what was being shrunk is not there yet
            campaign.findings().forEach(finding -> write(report, () -> new ReportFolder(report).write(finding)));
        }
        out.println();
        print(campaign, options, out);
        printFindings(campaign.findings(), writtenTo(options), out);
        out.println("interrupted");
        out.flush();
    }

    private static void print(Campaign campaign, FuzzOptions options, PrintStream out) {
        Campaign.Statistics done = campaign.statistics();
        out.printf("%s: seed %d, %,d %s, %,d operations in %.1f s, %,.0f tries and %.2f million operations a second%n", Terminal.printable(targetOf(options)),
                options.seed, done.tries(), done.tries() == 1 ? "try" : "tries", done.operations(), done.seconds(), done.triesPerSecond(),
                done.operationsPerSecond() / 1e6);
        if (done.operations() > 0) { // a child that ended in its first programs took what it counted with it
            out.println(done.text());
        }
    }

    private interface Writing {
        void run() throws IOException;
    }

    private static void write(Path path, Writing writing) {
        try {
            writing.run();
        } catch (IOException failed) {
            throw new UncheckedIOException(path + ": cannot be written (" + FileTrouble.cause(failed) + ")", failed);
        }
    }

    private static int report(FuzzOptions options, List<Finding> findings, PrintStream out) {
        printFindings(findings, writtenTo(options), out); // before the trace, for which there may be no room
        Path trace = options.traceOut;
        if (trace != null && !findings.isEmpty()) {
            write(trace, () -> findings.getFirst().program().toTrace().write(trace));
        }
        return findings.isEmpty() ? LAWFUL : BROKEN;
    }

    private static String writtenTo(FuzzOptions options) {
        return options.report == null ? "" : ", written to " + Terminal.printable(options.report.toString());
    }

    private static void printFindings(List<Finding> findings, String written, PrintStream out) {
        for (Finding finding : findings) {
            out.println();
            out.print(finding);
        }
        out.println(findings.isEmpty() ? "no law broke"
                : findings.size() + (findings.size() == 1 ? " finding" : " findings") + written);
    }

    /** One line that is written over itself. */
    private static final class ProgressLine implements Consumer<Campaign.Statistics> {
        private final PrintStream err;
        private long last;

        ProgressLine(PrintStream err) {
            this.err = err;
        }

        @Override
        public void accept(Campaign.Statistics done) {
            long now = System.nanoTime();
            if (now - last > BETWEEN_LINES.toNanos()) {
                last = now;
                err.printf(ERASE_LINE + "%,d tries  %,d operations  %.2f million a second  %d findings  %.0f s", done.tries(),
                        done.operations(), done.operationsPerSecond() / 1e6, done.findings(), done.seconds());
                err.flush();
            }
        }
    }
}
