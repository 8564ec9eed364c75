package dev.banos.samples;

import dev.banos.bindings.NativeAccessError;
import dev.banos.libc.getopt.LongOption;
import dev.banos.samples.command.Command;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import dev.banos.samples.command.StandardOutput;
import dev.banos.samples.command.Terminal;
import dev.banos.samples.fuzz.FuzzCommand;
import dev.banos.samples.heapmap.HeapMap;
import dev.banos.samples.gunzip.Gunzip;
import dev.banos.samples.inspect.InfoCommand;
import dev.banos.samples.inspect.SymbolsCommand;
import dev.banos.samples.install.InstallCommand;
import dev.banos.samples.install.SignCommand;
import dev.banos.samples.link.LinkCommand;
import dev.banos.samples.replay.ReplayCommand;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;

/** The {@code banos} command: its first operand says what to do, and each such word is a {@link Command}. */
public final class Banos {
    private static final String USAGE = """
            usage: banos WORD [ARGUMENT]...

              cflags     prints the option with which a C compiler finds the headers for drivers
              gunzip     expands files that gzip made
              info       shows what a driver object holds: metadata, exports, imports, sections
              install    links drivers into a process, calls their exports, takes them out again
              java       runs a Java program with Banos's modules
              jdk        prints the folder of the JDK that was found
              link       links objects for an address and writes the result to files
              sign       signs drivers, for hosts that require signatures
              symbols    lists what the host exports to drivers, and what drivers export
              replay     runs a recorded trace on an allocator, and measures time and memory
              fuzz       looks for the shortest program that breaks an allocator
              heapmap    draws where an allocator puts the blocks of a recorded trace

            banos WORD --help says more. Exit status: 0, 1 when the job failed, 2 for wrong usage.
            """;
    private static final int VERSION = 'V';

    private Banos() {
    }

    public static void main(String[] args) {
        StandardOutput output = new StandardOutput();
        PrintStream out = output.printer();
        int status = run(args, out, System.err);
        out.flush();
        if (output.hasFailed()) {
            status = status == CommandEnd.SUCCESS ? CommandEnd.FAILURE : status;
            if (!output.complaint().isEmpty()) {
                System.err.println("banos: " + output.complaint());
            }
        }
        System.exit(status); // also where a driver has left a thread behind
    }

    /** The exit status. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        String program = "banos";
        try {
            Options options = new Options(program, USAGE, args, out, err,
                    LongOption.of("version", LongOption.Argument.NONE, VERSION));
            switch (options.next()) {
                case VERSION -> out.println("banos " + version());
                case Options.OPERAND -> {
                    program += " " + options.argument();
                    return command(options.argument()).run(rest(options, args), out, err);
                }
                default -> throw CommandEnd.wrongUsage("a word is missing that says what to do; see banos --help");
            }
            return CommandEnd.SUCCESS;
        } catch (CommandEnd end) {
            if (!end.getMessage().isEmpty()) {
                err.println(program + ": " + end.printable());
            }
            return end.status();
        } catch (InvalidPathException unnameable) {
            err.println(program + ": " + Terminal.printable(unnameable.getInput()) + ": no file has such a name in this locale; set LC_ALL=C.UTF-8");
            return CommandEnd.FAILURE;
        } catch (NativeAccessError refused) {
            err.println(program + ": " + refused.getMessage());
            return CommandEnd.FAILURE;
        }
    }

    private static Command command(String word) throws CommandEnd {
        return switch (word) {
            case "gunzip" -> Gunzip::run;
            case "info" -> InfoCommand::run;
            case "install" -> InstallCommand::run;
            case "sign" -> SignCommand::run;
            case "symbols" -> SymbolsCommand::run;
            case "link" -> LinkCommand::run;
            case "replay" -> ReplayCommand::run;
            case "fuzz" -> FuzzCommand::run;
            case "heapmap" -> HeapMap::run;
            default -> throw CommandEnd.wrongUsage("there is no such word; see banos --help");
        };
    }

    private static String[] rest(Options options, String[] args) {
        return options.takeRaw(args.length).toArray(String[]::new);
    }

    private static String version() {
        return Banos.class.getModule().getDescriptor().rawVersion().orElse("of unknown version");
    }
}
