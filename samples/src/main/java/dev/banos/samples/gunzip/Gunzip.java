package dev.banos.samples.gunzip;

import dev.banos.libc.getopt.LongOption;
import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Options;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code banos gunzip [-c] [-k] [-t] [FILE]...}, with gzip's rules, messages and exit statuses: 0, 1 for an error, 2 for a warning. */
public final class Gunzip {
    static final String PROGRAM = "banos gunzip";
    private static final String USAGE = """
            usage: banos gunzip [-c] [-k] [-t] [FILE]...

            Replaces each FILE by what it was before gzip. Without FILE, or for -, from standard input to standard output.

              -c, --stdout   to standard output, and keep FILE
              -k, --keep     keep FILE
              -t, --test     only test whether FILE is intact

            Exit status: 0, 1 after an error, 2 after a warning.
            """;
    private static final String STANDARD_INPUT = "-";

    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;
    private boolean toStandardOutput;
    private boolean keep;
    private boolean test;
    private int status = CommandEnd.SUCCESS;

    private Gunzip(InputStream in, PrintStream out, PrintStream err) {
        this.in = in;
        this.out = out;
        this.err = err;
    }

    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, System.in, out, err);
    }

    static int run(String[] args, InputStream in, PrintStream out, PrintStream err) {
        return new Gunzip(in, out, err).run(args);
    }

    private int run(String[] args) {
        List<String> files;
        try {
            files = readOptions(args);
        } catch (CommandEnd end) {
            if (!end.getMessage().isEmpty()) {
                err.println(PROGRAM + ": " + end.getMessage());
            }
            return end.status() == CommandEnd.SUCCESS ? CommandEnd.SUCCESS : Complaint.ERROR;
        }
        for (String file : files.isEmpty() ? List.of(STANDARD_INPUT) : files) {
            expand(file);
        }
        out.flush();
        return status;
    }

    private List<String> readOptions(String[] args) throws CommandEnd {
        Options options = new Options(PROGRAM, USAGE, args, out, err,
                LongOption.of("stdout", LongOption.Argument.NONE, 'c'),
                LongOption.of("to-stdout", LongOption.Argument.NONE, 'c'),
                LongOption.of("keep", LongOption.Argument.NONE, 'k'),
                LongOption.of("test", LongOption.Argument.NONE, 't')).alsoShort("ckt");
        List<String> files = new ArrayList<>();
        for (int option; (option = options.next()) != Options.END; ) {
            switch (option) {
                case 'c' -> toStandardOutput = true;
                case 'k' -> keep = true;
                case 't' -> test = true;
                default -> files.add(options.argument());
            }
        }
        return files;
    }

    private void expand(String file) {
        try {
            if (file.equals(STANDARD_INPUT)) {
                Expansion.run(Channels.newChannel(in), test ? Expansion.NOWHERE : Channels.newChannel(out), "stdin", Progress.NONE);
            } else if (toStandardOutput || test) {
                CompressedFile.find(file).expandTo(test ? Expansion.NOWHERE : Channels.newChannel(out), err);
            } else {
                CompressedFile.find(file).replace(Path.of(file), keep, err);
            }
        } catch (Complaint complaint) {
            report(complaint);
        } catch (IOException failed) {
            report(Complaint.error(file + ": " + Complaint.cause(failed)));
        }
    }

    /** An error is remembered over a warning. */
    private void report(Complaint complaint) {
        err.println(PROGRAM + ": " + complaint.getMessage());
        if (status != Complaint.ERROR) {
            status = complaint.status();
        }
    }
}
