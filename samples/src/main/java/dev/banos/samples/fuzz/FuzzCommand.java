package dev.banos.samples.fuzz;

import dev.banos.fuzz.Campaign;
import dev.banos.fuzz.Corpus;
import dev.banos.fuzz.Finding;
import dev.banos.fuzz.ReportFolder;
import dev.banos.fuzz.Target;
import dev.banos.fuzz.TargetException;
import dev.banos.fuzz.TraceException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** {@code banos fuzz}: points the fuzzer at an allocator and reports the shortest program that breaks it. */
public final class FuzzCommand {
    private static final int LAWFUL = 0;
    private static final int BROKEN = 1;
    private static final int WRONG_USAGE = 2;

    private static final String ERASE_LINE = "\r\u001b[K";
    private static final Duration BETWEEN_LINES = Duration.ofMillis(500);

    private FuzzCommand() {
    }

    /** @return 0 when no law broke, 1 with a finding, 2 for wrong usage: then one line on {@code err} says why */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        try {
            FuzzOptions options = FuzzOptions.parse(args);
            if (options.help) {
                out.print(FuzzOptions.USAGE);
                return LAWFUL;
            }
            List<Finding> findings = options.replay != null ? replay(options)
                    : options.merge.isEmpty() ? fuzz(options, out, err) : ReportFolder.merge(options.merge);
            return report(options, findings, out);
        } catch (FuzzOptions.WrongUsage | IllegalArgumentException | TargetException | TraceException wrong) {
            err.println("banos fuzz: " + wrong.getMessage());
            return WRONG_USAGE;
        } catch (IOException failed) {
            err.println("banos fuzz: " + failed.getMessage() + ": cannot be written");
            return WRONG_USAGE;
        }
    }

    private static List<Finding> replay(FuzzOptions options) {
        Finding finding = ReportFolder.readFinding(options.replay);
        return Campaign.of(options.target == null ? finding.target() : options.target).replay(finding).stream().toList();
    }

    private static List<Finding> fuzz(FuzzOptions options, PrintStream out, PrintStream err) {
        String target = options.target == null ? "banos" : options.target;
        Campaign campaign = Campaign.of(target).withSeed(options.seed).withThreads(options.threads)
                .withMaxOperations(options.maxOperations).withShard(options.shard, options.shards)
                .withCorpus(Corpus.programs());
        if (options.report != null && Files.isDirectory(options.report)) {
            campaign.withFindings(new ReportFolder(options.report).read());
        }
        if (options.tries > 0) {
            campaign.withTries(options.tries);
        }
        if (options.time != null) {
            campaign.withTime(options.time);
        }
        if (options.from != null) {
            campaign.withExample(options.from);
        }
        if (options.keepGoing) {
            campaign.keepGoing();
        }
        boolean terminal = System.console() != null && System.console().isTerminal();
        if (terminal) {
            campaign.withListener(new ProgressLine(err));
        }
        List<Finding> findings = campaign.run();
        if (terminal) {
            err.print(ERASE_LINE);
        }
        Campaign.Statistics done = campaign.statistics();
        out.printf("%s: seed %d, %,d tries, %,d operations in %.1f s, %.2f million a second%n%s%n", target,
                options.seed, done.tries(), done.operations(), done.seconds(), done.operationsPerSecond() / 1e6, done.text());
        return findings;
    }

    private static int report(FuzzOptions options, List<Finding> findings, PrintStream out) throws IOException {
        for (Finding finding : findings) {
            out.println();
            out.print(finding);
            if (options.report != null) {
                new ReportFolder(options.report).write(finding);
            }
        }
        if (options.traceOut != null && !findings.isEmpty()) {
            findings.getFirst().program().toTrace().write(options.traceOut);
        }
        out.println(findings.isEmpty() ? "no law broke" : findings.size() + (findings.size() == 1 ? " finding" : " findings")
                + (options.report == null ? "" : ", written to " + options.report));
        return findings.isEmpty() ? LAWFUL : BROKEN;
    }

    /** One line that is written over itself. */
    private static final class ProgressLine implements java.util.function.Consumer<Campaign.Statistics> {
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
                err.printf(ERASE_LINE + "%,d tries  %,d operations  %.2f million a second  %.0f s", done.tries(),
                        done.operations(), done.operationsPerSecond() / 1e6, done.seconds());
                err.flush();
            }
        }
    }

    /** The forms of a target, for help texts. */
    static String targetForms() {
        return String.join(", ", Target.FORMS);
    }
}
