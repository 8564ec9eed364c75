package dev.banos.samples.replay;

import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Program;
import dev.banos.fuzz.Target;
import dev.banos.fuzz.TargetException;
import dev.banos.fuzz.Trace;
import dev.banos.fuzz.TraceException;
import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code banos replay}: what an allocator makes of a real program's calls. */
public final class ReplayCommand {
    private static final String USAGE = """
            usage: banos replay [--json] [--target SPEC] TRACE.mtrace.gz

            Runs the recorded calls on an allocator: once with every block filled and checked, then in measured
            rounds, in which one byte of each page is written. Prints nanoseconds per operation (the median of the
            rounds), and how much memory the process has resident before, at its peak and after the frees.

            SPEC is banos (the default), banos:own, banos:confined, banos:hardened, glibc, LIB.so[:PREFIX], FILE.o[:PREFIX] or
            class:NAME, as banos fuzz has them.
            """;

    private boolean json;
    private String target = "banos";
    @SuppressWarnings("NullAway.Init") // required by parse
    private Path file;

    private ReplayCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        ReplayCommand command = new ReplayCommand();
        command.parse(new Options("banos replay", USAGE, args, out, err,
                LongOption.of("json", Argument.NONE, 'j'), LongOption.of("target", Argument.REQUIRED, 't')));
        ReplayReport report = command.replay();
        out.print(command.json ? report.json() : report.text());
        return CommandEnd.SUCCESS;
    }

    private void parse(Options options) throws CommandEnd {
        for (int option; (option = options.next()) != Options.END; ) {
            switch (option) {
                case 'j' -> json = true;
                case 't' -> target = options.argument();
                default -> {
                    if (file != null) {
                        throw CommandEnd.wrongUsage(options.argument() + ": one trace at a time");
                    }
                    file = Path.of(options.argument());
                }
            }
        }
        if (file == null) {
            throw CommandEnd.wrongUsage("a trace is missing; samples/traces has one");
        }
    }

    private ReplayReport replay() throws CommandEnd {
        try (AllocatorUnderTest allocator = Target.of(target).open()) {
            Trace trace = Trace.read(file);
            if (trace.operations() == 0) {
                throw CommandEnd.failure(file + ": it holds no operations");
            }
            Trim trim = Trim.of(target);
            TraceFigures figures = TraceFigures.of(trace);
            warmUp(trace, trim, allocator);
            Footprint footprint = Footprint.measure(new Replayer(allocator, trace), trace.operations(), figures, trim);
            verify(trace, allocator);
            Timing timing = Timing.measure(new Replayer(allocator, trace), trace.operations());
            return new ReplayReport(target, file, trace.operations(), figures, timing, footprint);
        } catch (TargetException wrong) {
            throw CommandEnd.wrongUsage(wrong);
        } catch (TraceException | IllegalStateException failed) {
            throw CommandEnd.failure(failed);
        }
    }

    /**
     * Has the compilers do their work, which takes tens of megabytes, before a footprint is measured. An allocator that
     * cannot be told to give back what it holds must still be fresh then: the C library's takes its place.
     */
    private void warmUp(Trace trace, Trim trim, AllocatorUnderTest allocator) throws CommandEnd {
        AllocatorUnderTest other = trim == Trim.NONE ? Target.of("glibc").open() : allocator;
        verify(trace, other);
        Timing.measure(new Replayer(other, trace), trace.operations());
    }

    private void verify(Trace trace, AllocatorUnderTest allocator) throws CommandEnd {
        try {
            Program.of(trace).requireLawful(allocator);
        } catch (AssertionError broken) {
            throw CommandEnd.failure(file + ": " + target + " breaks a law: ", String.valueOf(broken.getMessage()));
        }
    }
}
