package dev.banos.samples.link;

import dev.banos.bindings.FileTrouble;
import dev.banos.libc.getopt.LongOption;
import dev.banos.libc.getopt.LongOption.Argument;
import dev.banos.loader.LinkException;
import dev.banos.loader.OfflineLinker;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code banos link}: each object linked for an address, by itself, without being run. */
public final class LinkCommand {
    private static final String USAGE = """
            usage: banos link --base ADDR [--define NAME=ADDR]... [--phony-imports] --output-dir DIR FILE.o...

            Links each file by itself for the address, a multiple of 4096, and writes NAME.image, the bytes from there on,
            and NAME.map.json: sections, symbols, imports, GOT entries, stubs, and relocations skipped. With --phony-imports, every
            symbol that is not defined gets an address behind the module. A file that cannot be linked is named, and the
            others are linked. Addresses are decimal, or hexadecimal with 0x.
            """;

    @SuppressWarnings("NullAway.Init") // required by parse
    private Long base;
    private boolean phonyImports;
    @SuppressWarnings("NullAway.Init") // required by parse
    private Path folder;
    private final Map<String, Long> defined = new LinkedHashMap<>();
    /** By the name that the output gets. */
    private final Map<String, Path> files = new LinkedHashMap<>();
    /** Held while a pair of files is written: a signal's end of the process waits for it, and leaves no half of one behind. */
    private final Object writing = new Object();
    private boolean isEnding;

    private LinkCommand() {
    }

    public static int run(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        LinkCommand command = new LinkCommand();
        command.parse(new Options("banos link", USAGE, args, out, err,
                LongOption.of("base", Argument.REQUIRED, 'b'), LongOption.of("define", Argument.REQUIRED, 'd'),
                LongOption.of("phony-imports", Argument.NONE, 'p'), LongOption.of("output-dir", Argument.REQUIRED, 'o')));
        Thread atExit = new Thread(command::end, "banos-link-end");
        Runtime.getRuntime().addShutdownHook(atExit);
        try (Progress progress = Progress.of("linking", command.totalBytes(), err)) {
            return command.link(progress, err);
        } finally {
            forget(atExit);
        }
    }

    private void end() {
        synchronized (writing) {
            isEnding = true;
        }
    }

    private static void forget(Thread atExit) {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            // it is done, or waits for the last file
        }
    }

    private void parse(Options options) throws CommandEnd {
        for (int option; (option = options.next()) != Options.END; ) {
            switch (option) {
                case 'b' -> base = address(options.argument());
                case 'd' -> define(options.argument());
                case 'p' -> phonyImports = true;
                case 'o' -> folder = Path.of(options.argument());
                default -> add(Path.of(options.argument()));
            }
        }
        if (base == null || folder == null || files.isEmpty()) {
            throw CommandEnd.wrongUsage("--base, --output-dir and an object file are needed");
        }
    }

    private static long address(String text) throws CommandEnd {
        try {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseUnsignedLong(text);
        } catch (NumberFormatException wrong) {
            throw CommandEnd.wrongUsage(text + ": not an address");
        }
    }

    private void define(String text) throws CommandEnd {
        int equals = text.lastIndexOf('=');
        if (equals < 1) {
            throw CommandEnd.wrongUsage("--define " + text + ": it takes NAME=ADDR");
        }
        defined.put(text.substring(0, equals), address(text.substring(equals + 1)));
    }

    private void add(Path file) throws CommandEnd {
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.o$", "");
        Path other = files.put(name, file);
        if (other != null) {
            throw CommandEnd.wrongUsage(file + ": its output would replace that of " + other);
        }
    }

    private long totalBytes() {
        return files.values().stream().mapToLong(LinkCommand::bytes).sum();
    }

    private static long bytes(Path file) {
        return file.toFile().length();
    }

    private int link(Progress progress, PrintStream err) throws CommandEnd {
        OfflineLinker linker = linker();
        int status = CommandEnd.SUCCESS;
        for (Map.Entry<String, Path> file : files.entrySet()) {
            try {
                write(linker.link(file.getValue()), file.getKey());
            } catch (LinkException refused) {
                progress.hide();
                err.println("banos link: " + refused.getMessage());
                status = CommandEnd.FAILURE;
            }
            progress.advance(bytes(file.getValue()));
        }
        return status;
    }

    private void write(OfflineLinker.Linked linked, String name) {
        synchronized (writing) {
            if (!isEnding) {
                linked.write(folder, name);
            }
        }
    }

    private OfflineLinker linker() throws CommandEnd {
        try {
            Files.createDirectories(folder);
            OfflineLinker linker = OfflineLinker.at(base);
            defined.forEach(linker::define);
            return phonyImports ? linker.phonyImports() : linker;
        } catch (IllegalArgumentException wrong) {
            throw CommandEnd.wrongUsage("--base: " + wrong.getMessage());
        } catch (IOException failed) {
            throw CommandEnd.failure(folder + ": cannot be made (" + FileTrouble.cause(failed) + ")");
        }
    }
}
