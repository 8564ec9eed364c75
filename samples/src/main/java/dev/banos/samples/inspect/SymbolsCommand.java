package dev.banos.samples.inspect;

import dev.banos.loader.Loader;
import dev.banos.loader.ObjectInfo;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import dev.banos.samples.command.Terminal;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code banos symbols}: the names that a driver can import, beside those of the C library. */
public final class SymbolsCommand {
    private static final String USAGE = """
            usage: banos symbols [FILE.o...]

            Lists what the host exports to drivers, and what the drivers in the files export. A driver can import all of
            it, and every function and variable of the C library.
            """;

    private SymbolsCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        Options options = new Options("banos symbols", USAGE, args, out, err);
        List<Path> files = new ArrayList<>();
        while (options.next() != Options.END) {
            files.add(Path.of(options.argument()));
        }
        try (Loader loader = Loader.create()) {
            loader.hostSymbolNames().stream().sorted().forEach(name -> print(out, name, "host"));
        }
        for (Path file : files) {
            for (ObjectInfo info : InfoCommand.read(file)) {
                info.exports().forEach(export -> print(out, export.name(), info.file()));
            }
        }
        return CommandEnd.SUCCESS;
    }

    private static void print(PrintStream out, String name, String origin) {
        out.printf("%-28s %s%n", Terminal.printable(name), Terminal.printable(origin));
    }
}
