package dev.banos.samples.heapmap;

import dev.banos.bindings.FileTrouble;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Target;
import dev.banos.fuzz.TargetException;
import dev.banos.fuzz.Trace;
import dev.banos.fuzz.TraceException;
import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import dev.banos.samples.command.Terminal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code banos heapmap}: replays a trace and writes a page that shows the heap at any point of it. */
public final class HeapMap {
    private static final String USAGE = """
            usage: banos heapmap [--target SPEC] TRACE.mtrace.gz -o MAP.html

            Runs the recorded calls on an allocator and writes one self-contained page: each page of memory that the
            allocator used and how full it is, at any point of the trace; live bytes by size; live bytes against
            the memory that is resident for them.

            SPEC is banos (the default), banos:own, banos:confined, banos:hardened, glibc, LIB.so[:PREFIX], FILE.o[:PREFIX] or
            class:NAME, as banos fuzz has them.
            """;

    private String target = "banos";
    // Required by parse.
    @SuppressWarnings("NullAway.Init")
    private Path trace;
    @SuppressWarnings("NullAway.Init")
    private Path output;

    private HeapMap() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        HeapMap command = new HeapMap();
        command.parse(new Options("banos heapmap", USAGE, args, out, err,
                LongOption.of("target", Argument.REQUIRED, 't'), LongOption.of("output", Argument.REQUIRED, 'o')).alsoShort("o:"));
        command.write(command.record(), out);
        return CommandEnd.SUCCESS;
    }

    private void parse(Options options) throws CommandEnd {
        for (int option; (option = options.next()) != Options.END; ) {
            switch (option) {
                case 't' -> target = options.argument();
                case 'o' -> output = Path.of(options.argument());
                default -> {
                    if (trace != null) {
                        throw CommandEnd.wrongUsage(options.argument() + ": one trace at a time");
                    }
                    trace = Path.of(options.argument());
                }
            }
        }
        if (trace == null) {
            throw CommandEnd.wrongUsage("a trace is missing; samples/traces has one");
        }
        if (output == null) {
            throw CommandEnd.wrongUsage("where to write the page is missing: -o MAP.html");
        }
    }

    private Recording record() throws CommandEnd {
        try (AllocatorUnderTest allocator = Target.of(target).open()) {
            Trace recorded = Trace.read(trace);
            if (recorded.operations() == 0) {
                throw CommandEnd.failure(trace + ": it holds no operations");
            }
            return new Recorder(allocator, recorded).record();
        } catch (TargetException wrong) {
            throw CommandEnd.wrongUsage(wrong);
        } catch (TraceException | IllegalStateException failed) {
            throw CommandEnd.failure(failed);
        }
    }

    private void write(Recording recording, PrintStream out) throws CommandEnd {
        try {
            Files.writeString(output, MapPage.of(recording, target, trace.getFileName().toString()));
        } catch (IOException failed) {
            FileTrouble.removeHalf(output, failed);
            throw CommandEnd.failure(output + ": cannot be written (" + FileTrouble.cause(failed) + ")");
        }
        out.println(Terminal.printable(output.toString()) + ": " + recording.frames().size() + " moments of " + recording.operations() + " operations, "
                + recording.regions().size() + " regions of 1 MiB");
    }
}
