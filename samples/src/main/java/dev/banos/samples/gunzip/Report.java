package dev.banos.samples.gunzip;

import dev.banos.samples.command.CommandEnd;
import dev.banos.samples.command.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Path;
import java.util.Locale;

/** What gzip says on standard error, and asks where somebody sits before it. It remembers the exit status. */
final class Report {
    private final Orders orders;
    private final InputStream in;
    private final PrintStream err;
    private final boolean interactive;
    private int status = CommandEnd.SUCCESS;

    /** @param interactive whether {@code in} is a terminal */
    Report(Orders orders, InputStream in, PrintStream err, boolean interactive) {
        this.orders = orders;
        this.in = in;
        this.err = err;
        this.interactive = interactive;
    }

    int status() {
        return status;
    }

    boolean isInteractive() {
        return interactive;
    }

    /** An error is remembered over a warning. */
    void complain(Complaint complaint) {
        boolean warning = complaint.status() == Complaint.WARNING;
        String message = complaint.getMessage();
        if (!message.isEmpty() && (!warning || !orders.quiet())) {
            boolean breaksLine = message.startsWith("\n");
            err.print(breaksLine ? "\n" : "");
            say(breaksLine ? message.substring(1) : message);
        }
        if (!warning || status == CommandEnd.SUCCESS) {
            status = complaint.status();
        }
    }

    /** In one line, whatever the names in it hold: those of files, and those that gzip has stored. */
    void say(String message) {
        err.println(Orders.PROGRAM + ": " + Terminal.printable(message));
    }

    /** The line that {@link #intact} or {@link #expanded} ends. */
    void begin(String name) {
        if (orders.verbose()) {
            err.print(Terminal.printable(name) + ":\t");
        }
    }

    void intact() {
        if (orders.verbose()) {
            err.println(" OK");
        }
    }

    void expanded(double percentSaved, String target) {
        if (orders.verbose()) {
            err.println(String.format(Locale.ROOT, "%5.1f%% -- %s %s", asInC(percentSaved),
                    orders.keep() ? "created" : "replaced with", Terminal.printable(target)));
        }
    }

    /** To one digit, ties to the even one: 86.25 is 86.2, and Java's format says 86.3. */
    private static double asInC(double percent) {
        return Math.copySign(new BigDecimal(percent).setScale(1, RoundingMode.HALF_EVEN).doubleValue(), percent);
    }

    /** Whether a file that is there may go: by the orders, or by the answer of who sits at the terminal. */
    boolean mayOverwrite(Path target) throws IOException {
        if (orders.force()) {
            return true;
        }
        err.print(Orders.PROGRAM + ": " + Terminal.printable(target.toString()) + " already exists;");
        if (interactive) {
            err.print(" do you wish to overwrite (y or n)? ");
            err.flush();
            if (answerIsYes()) {
                return true;
            }
        }
        err.println("\tnot overwritten");
        if (status == CommandEnd.SUCCESS) {
            status = Complaint.WARNING;
        }
        return false;
    }

    private boolean answerIsYes() throws IOException {
        int first = in.read();
        for (int next = first; next != '\n' && next >= 0; ) {
            next = in.read();
        }
        return first == 'y' || first == 'Y';
    }
}
