package dev.banos.samples.gunzip;

import dev.banos.libc.getopt.LongOption;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the command line asks for. */
final class Orders {
    static final String PROGRAM = "banos gunzip";
    private static final String USAGE = """
            usage: banos gunzip [-cfkNnqrtv] [-S SUFFIX] [FILE]...

            Replaces each FILE by its expanded content. Without FILE, or for -, expands standard input to standard output.

              -c, --stdout         write to standard output, and keep FILE
              -f, --force          overwrite files, follow links; with -c, copy files that gzip has not made
              -k, --keep           keep FILE
              -n, --no-name        take name and time from FILE (the default)
              -N, --name           take the name and time that gzip has stored
              -q, --quiet          print no warnings
              -r, --recursive      expand all files in each directory
              -S, --suffix=SUFFIX  take this suffix away instead
              -t, --test           only test whether FILE is intact
              -v, --verbose        print what is done, and how much space FILE saved

            Exit status: 0, 1 after an error, 2 after a warning.
            """;

    private static final int LONGEST_SUFFIX = 30;

    private boolean standardOutput;
    private boolean force;
    private boolean keep;
    private boolean storedName;
    private boolean quiet;
    private boolean recursive;
    private boolean test;
    private boolean verbose;
    private @Nullable String suffix;
    private Suffixes suffixes = Suffixes.OF_GZIP;
    private final List<String> files = new ArrayList<>();

    private Orders() {
    }

    /** @throws CommandEnd after {@code --help}, and after an option that is wrong */
    static Orders read(String[] args, PrintStream out, PrintStream err) throws CommandEnd {
        Options options = new Options(PROGRAM, USAGE, args, out, err,
                option("stdout", 'c'), option("to-stdout", 'c'), option("decompress", 'd'), option("uncompress", 'd'),
                option("force", 'f'), option("keep", 'k'), option("no-name", 'n'), option("name", 'N'), option("quiet", 'q'),
                option("silent", 'q'), option("recursive", 'r'), option("test", 't'), option("verbose", 'v'),
                LongOption.of("suffix", LongOption.Argument.REQUIRED, 'S')).alsoShort("cdfknNqrS:tv");
        Orders orders = new Orders();
        for (int option; (option = options.next()) != Options.END; ) {
            orders.take(option, options);
        }
        if (orders.suffix != null) {
            orders.suffixes = suffixes(orders.suffix); // the last one given
        }
        return orders;
    }

    private static LongOption option(String name, char letter) {
        return LongOption.of(name, LongOption.Argument.NONE, letter);
    }

    private void take(int option, Options options) throws CommandEnd {
        switch (option) {
            case 'c' -> standardOutput = true;
            case 'd' -> { } // nothing else is done here
            case 'f' -> force = true;
            case 'k' -> keep = true;
            case 'n' -> storedName = false;
            case 'N' -> storedName = true;
            case 'q' -> {
                quiet = true;
                verbose = false;
            }
            case 'r' -> recursive = true;
            case 'S' -> suffix = options.argument();
            case 't' -> test = true;
            case 'v' -> {
                verbose = true;
                quiet = false;
            }
            default -> files.add(options.argument());
        }
    }

    private static Suffixes suffixes(String first) throws CommandEnd {
        if (first.isEmpty() || first.length() > LONGEST_SUFFIX) {
            throw CommandEnd.wrongUsage("invalid suffix '" + first + "'");
        }
        return new Suffixes(first);
    }

    /** What to expand; empty for standard input. */
    List<String> files() {
        return files;
    }

    Suffixes suffixes() {
        return suffixes;
    }

    boolean toStandardOutput() {
        return standardOutput;
    }

    boolean force() {
        return force;
    }

    /** What is only read is also read through a symbolic link. */
    boolean followsLinks() {
        return force || standardOutput || test;
    }

    boolean keep() {
        return keep;
    }

    boolean storedName() {
        return storedName;
    }

    boolean quiet() {
        return quiet;
    }

    boolean recursive() {
        return recursive;
    }

    boolean test() {
        return test;
    }

    boolean verbose() {
        return verbose;
    }
}
