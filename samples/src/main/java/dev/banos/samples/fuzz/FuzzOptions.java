package dev.banos.samples.fuzz;

import dev.banos.fuzz.Target;
import dev.banos.libc.getopt.LongOption;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The command line of {@code banos fuzz}. */
final class FuzzOptions {
    private static final String USAGE = """
            usage: banos fuzz [--target SPEC] [--tries N | --time DURATION] [--seed N] [--threads N] [--max-ops N]
                              [--shrink DURATION] [--from TRACE] [--shard I/N] [--report DIR] [--trace-out FILE]
                              [--keep-going]
                   banos fuzz --replay FILE.program [--target SPEC]
                   banos fuzz --merge DIR... [--report DIR]

            Looks for the shortest program of allocator calls that breaks a law of the C standard.

              --target SPEC     %s (default: banos)
              --tries N         run N programs at most
              --time DURATION   begin programs for that long: 30s, 10m, 2h (default: 60s)
              --shrink DURATION look for a shorter program of a finding for that long at most (default: 3m)
              --seed N          the same seed makes the same programs (default: 1)
              --threads N       programs of up to N threads, 1 to 8 (default: 1)
              --max-ops N       the longest programs have N operations (default: 2000)
              --from TRACE      half of the programs are mutations of a trace (.mtrace.gz) or a program's text
              --shard I/N       run the Ith of N parts of the programs, I from 0
              --report DIR      write each finding there; findings already there are replayed first
              --trace-out FILE  write the first finding as a trace for banos replay
              --replay FILE     only run one finding's program again, as it was found
              --keep-going      go on after a finding, to collect different ones
              --merge DIR...    join reports: the smallest program of each distinct failure

            Exit status: 0 no law was broken, 1 a finding, 2 wrong usage.
            """.formatted(String.join(", ", Target.FORMS));

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
    private static final Pattern SHARD = Pattern.compile("(\\d{1,9})/(\\d{1,9})");

    private static final String[] WITH_ARGUMENT = {"target", "tries", "time", "shrink", "seed", "threads", "max-ops", "from", "shard",
        "report", "trace-out", "replay"};
    private static final int FIRST_VALUE = 256;
    private static final int KEEP_GOING = 'k';
    private static final int MERGE = 'm';

    /** Null: the one of the finding to replay, or banos. */
    @Nullable String target;
    long tries;
    @Nullable Duration time;
    @Nullable Duration shrinkTime;
    long seed = 1;
    int threads = 1;
    int maxOperations = 2000;
    @Nullable Path from;
    int shard;
    int shards = 1;
    @Nullable Path report;
    @Nullable Path traceOut;
    @Nullable Path replay;
    boolean keepGoing;
    List<Path> merge = List.of();

    private FuzzOptions() {
    }

    static FuzzOptions parse(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        FuzzOptions options = new FuzzOptions();
        List<String> operands = new ArrayList<>();
        boolean merging = false;
        Options given = new Options("banos fuzz", USAGE, args, out, err, known());
        for (int option; (option = given.next()) != Options.END; ) {
            switch (option) {
                case KEEP_GOING -> options.keepGoing = true;
                case MERGE -> merging = true;
                case Options.OPERAND -> operands.add(given.argument());
                default -> options.take(WITH_ARGUMENT[option - FIRST_VALUE], given.argument());
            }
        }
        options.operands(operands, merging);
        if (merging && options.replay != null) {
            throw CommandEnd.wrongUsage("--merge and --replay: give one of them");
        }
        requireWritable("report", options.report, true);
        requireWritable("trace-out", options.traceOut, false);
        return options;
    }

    private static LongOption[] known() {
        List<LongOption> known = new ArrayList<>();
        for (int i = 0; i < WITH_ARGUMENT.length; i++) {
            known.add(LongOption.of(WITH_ARGUMENT[i], LongOption.Argument.REQUIRED, FIRST_VALUE + i));
        }
        known.add(LongOption.of("keep-going", LongOption.Argument.NONE, KEEP_GOING));
        known.add(LongOption.of("merge", LongOption.Argument.NONE, MERGE));
        return known.toArray(LongOption[]::new);
    }

    private void operands(List<String> operands, boolean merging) throws CommandEnd {
        if (merging && operands.isEmpty()) {
            throw CommandEnd.wrongUsage("--merge needs at least one folder");
        }
        if (!merging && !operands.isEmpty()) {
            throw CommandEnd.wrongUsage("unexpected argument " + operands.getFirst() + "; see banos fuzz --help");
        }
        merge = operands.stream().map(Path::of).toList();
    }

    /** Before hours of work, rather than after them. */
    private static void requireWritable(String name, @Nullable Path path, boolean isFolder) throws CommandEnd {
        if (path == null) {
            return;
        }
        if (Files.exists(path) && Files.isDirectory(path) != isFolder) {
            throw CommandEnd.wrongUsage("--" + name + " " + path + (isFolder ? ": is no folder" : ": is a folder"));
        }
        Path there = isFolder ? path.toAbsolutePath() : around(path);
        while (isFolder && !Files.exists(there)) {
            there = around(there); // the rest of the folders is made
        }
        if (!Files.isDirectory(there) || !Files.isWritable(there)) {
            throw CommandEnd.wrongUsage("--" + name + " " + path + ": cannot be written, " + there
                    + (Files.isDirectory(there) ? " is not writable" : " is no folder"));
        }
    }

    /** Of all but the root, which is there and a folder. */
    private static Path around(Path path) {
        return Objects.requireNonNull(path.toAbsolutePath().getParent(), "the root is in no folder");
    }

    private void take(String name, String value) throws CommandEnd {
        switch (name) {
            case "target" -> target = value;
            case "tries" -> tries = number(name, value, 1, Long.MAX_VALUE);
            case "time" -> time = timeOfPrograms(value);
            case "shrink" -> shrinkTime = duration(name, value);
            case "seed" -> seed = number(name, value, Long.MIN_VALUE, Long.MAX_VALUE);
            case "threads" -> threads = (int) number(name, value, 1, 8);
            case "max-ops" -> maxOperations = (int) number(name, value, 1, 16_000);
            case "from" -> from = Path.of(value);
            case "shard" -> takeShard(value);
            case "report" -> report = Path.of(value);
            case "replay" -> replay = Path.of(value);
            default -> traceOut = Path.of(value);
        }
    }

    private void takeShard(String value) throws CommandEnd {
        Matcher parts = SHARD.matcher(value);
        if (!parts.matches() || Integer.parseInt(parts.group(1)) >= Integer.parseInt(parts.group(2))) {
            throw CommandEnd.wrongUsage("--shard " + value + ": give I/N with I from 0 to N - 1");
        }
        shard = Integer.parseInt(parts.group(1));
        shards = Integer.parseInt(parts.group(2));
    }

    private static long number(String name, String value, long least, long most) throws CommandEnd {
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            throw CommandEnd.wrongUsage("--" + name + " " + value + ": not a number");
        }
        throw CommandEnd.wrongUsage("--" + name + " " + value + ": not from " + least + (most == Long.MAX_VALUE ? " on" : " to " + most));
    }

    private static Duration timeOfPrograms(String value) throws CommandEnd {
        Duration time = duration("time", value);
        if (time.isZero()) {
            throw CommandEnd.wrongUsage("--time " + value + ": no program would run");
        }
        return time;
    }

    private static Duration duration(String name, String value) throws CommandEnd {
        Matcher parts = DURATION.matcher(value);
        if (!parts.matches()) {
            throw CommandEnd.wrongUsage("--" + name + " " + value + ": give a number with ms, s, m or h, such as 30s");
        }
        long amount = Long.parseLong(parts.group(1));
        return switch (parts.group(2) == null ? "s" : parts.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofSeconds(amount);
        };
    }
}
