package dev.banos.samples.gunzip;

import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Progress;
import dev.banos.samples.command.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * {@code banos gunzip [OPTION]... [FILE]...}, with gzip's rules, messages and exit statuses: 0, 1 for an error, 2 for a warning. One rule
 * is another: a file that stores its own name as that of its content is an error, where gzip 1.12 with -fN deletes it.
 */
public final class Gunzip {
    private static final String STANDARD_INPUT = "-";
    /** What Linux says that standard input is. */
    private static final Path DESCRIPTOR_0 = Path.of("/proc/self/fd/0");

    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;
    private final Orders orders;
    private final Report report;

    private Gunzip(Orders orders, InputStream in, PrintStream out, PrintStream err, boolean interactive) {
        this.orders = orders;
        this.in = in;
        this.out = out;
        this.err = err;
        report = new Report(orders, in, err, interactive);
    }

    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, System.in, out, err, isTerminal());
    }

    /** @param interactive whether {@code in} is a terminal */
    static int run(String[] args, InputStream in, PrintStream out, PrintStream err, boolean interactive) {
        try {
            return new Gunzip(Orders.read(args, out, err), in, out, err, interactive).run();
        } catch (CommandEnd end) {
            if (!end.getMessage().isEmpty()) {
                err.println(Orders.PROGRAM + ": " + Terminal.printable(end.getMessage()));
            }
            return end.status() == CommandEnd.SUCCESS ? CommandEnd.SUCCESS : Complaint.ERROR;
        }
    }

    private static boolean isTerminal() {
        try {
            String device = Files.readSymbolicLink(DESCRIPTOR_0).toString();
            return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty");
        } catch (IOException closed) {
            return false;
        }
    }

    private int run() {
        boolean more = true;
        for (String file : orders.files().isEmpty() ? List.of(STANDARD_INPUT) : orders.files()) {
            more = more && expand(file);
        }
        out.flush();
        return report.status();
    }

    /** @return whether to go on with the next file */
    private boolean expand(String file) {
        try {
            if (file.equals(STANDARD_INPUT)) {
                standardInput();
            } else if (orders.recursive() && Files.isDirectory(Path.of(file), CompressedFile.links(orders))) {
                return directory(Path.of(file));
            } else {
                new CompressedFile(orders, report, err).expand(file, output());
            }
        } catch (Complaint complaint) {
            report.complain(complaint);
            return !complaint.isLast();
        } catch (IOException failed) {
            report.complain(Complaint.error(culprit(failed, file) + ": " + Complaint.cause(failed)));
        } catch (InvalidPathException unnameable) {
            report.complain(Complaint.error(file + ": no file has such a name in this locale; set LC_ALL=C.UTF-8"));
        }
        return true;
    }

    /** The file that the system has named, which may be the output. */
    private static String culprit(IOException failed, String otherwise) {
        String asked = otherwise.equals(STANDARD_INPUT) ? "standard input" : otherwise;
        return failed instanceof FileSystemException named ? Objects.requireNonNullElse(named.getFile(), asked) : asked;
    }

    private boolean directory(Path directory) throws IOException {
        List<Path> entries;
        try (Stream<Path> listed = Files.list(directory)) {
            entries = listed.toList();
        }
        boolean more = true;
        for (Path entry : entries) {
            more = more && expand(entry.toString());
        }
        return more;
    }

    private WritableByteChannel output() {
        return orders.test() ? Expansion.NOWHERE : new PrintedBytes(out);
    }

    private void standardInput() throws IOException {
        if (report.isInteractive() && !orders.force()) {
            throw Complaint.lastError("compressed data not read from a terminal. Use -f to force decompression. "
                    + "For help, type: " + Orders.PROGRAM + " -h");
        }
        try (Expansion expansion =
                new Expansion(Channels.newChannel(in), "stdin", Progress.NONE, orders.force(), orders, report)) {
            begin(expansion);
            expansion.writeTo(output());
            if (orders.test() && !expansion.hasRest()) {
                report.intact();
            }
        }
    }

    private static void begin(Expansion expansion) throws IOException {
        try {
            expansion.begin();
        } catch (Complaint complaint) {
            throw complaint.asLast();
        }
    }
}
