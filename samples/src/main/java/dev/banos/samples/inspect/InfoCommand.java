package dev.banos.samples.inspect;

import dev.banos.libc.getopt.LongOption;
import dev.banos.loader.LinkException;
import dev.banos.loader.ObjectInfo;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code banos info}: what an object holds, without installing it. */
public final class InfoCommand {
    private static final String USAGE = """
            usage: banos info [--json] FILE.o|FILE.a...

            Shows a driver's metadata, exports, imports and sections, and counts its relocations by type. Of an object that
            is no driver, shows what it defines; of an archive, shows each member. Runs nothing. With --json, prints one object a line.
            """;

    private InfoCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        Options options = new Options("banos info", USAGE, args, out, err, LongOption.of("json", LongOption.Argument.NONE, 'j'));
        boolean json = false;
        List<Path> files = new ArrayList<>();
        for (int option; (option = options.next()) != Options.END; ) {
            if (option == Options.OPERAND) {
                files.add(Path.of(options.argument()));
            } else {
                json = true;
            }
        }
        if (files.isEmpty()) {
            throw CommandEnd.wrongUsage("an object file is missing");
        }
        for (Path file : files) {
            for (ObjectInfo info : read(file)) {
                out.print(json ? info.toJson() + "\n" : info.toText());
            }
        }
        return CommandEnd.SUCCESS;
    }

    static List<ObjectInfo> read(Path file) throws CommandEnd {
        try {
            return ObjectInfo.readAll(file);
        } catch (LinkException refused) {
            throw CommandEnd.failure(refused);
        }
    }
}
