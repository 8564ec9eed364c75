package dev.banos.samples.command;

import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A command ends before its work is done: with an exit status, and one line on standard error where there is one to say. */
public final class CommandEnd extends Exception {
    public static final int SUCCESS = 0;
    public static final int FAILURE = 1;
    public static final int WRONG_USAGE = 2;

    private static final long serialVersionUID = 1L;

    private final int status;
    /** How many of the message's characters name files and stay on one line; those behind them may be several lines. */
    private final int named;

    private CommandEnd(int status, String message, @Nullable Throwable cause) {
        this(status, message, message.length(), cause);
    }

    private CommandEnd(int status, String message, int named, @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
        this.named = named;
    }

    /** What was asked for has been printed. */
    static CommandEnd success() {
        return new CommandEnd(SUCCESS, "", null);
    }

    /** Wrong usage that getopt has explained already. */
    static CommandEnd explained() {
        return wrongUsage("");
    }

    /** @param message names the file and the cause */
    public static CommandEnd failure(String message) {
        return new CommandEnd(FAILURE, message, null);
    }

    /**
     * @param subject names the file, and what failed
     * @param report  says it in several lines
     */
    public static CommandEnd failure(String subject, String report) {
        return new CommandEnd(FAILURE, subject + report, subject.length(), null);
    }

    public static CommandEnd failure(RuntimeException cause) {
        return new CommandEnd(FAILURE, message(cause), cause);
    }

    public static CommandEnd wrongUsage(String message) {
        return new CommandEnd(WRONG_USAGE, message, null);
    }

    public static CommandEnd wrongUsage(RuntimeException cause) {
        return new CommandEnd(WRONG_USAGE, message(cause), cause);
    }

    /** On one line, with what else failed on the way out. */
    private static String message(RuntimeException cause) {
        return Stream.concat(Stream.of(cause), Stream.of(cause.getSuppressed()))
                .map(each -> Objects.requireNonNullElseGet(each.getMessage(), each::toString)).distinct().collect(Collectors.joining("; "));
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage(), "message");
    }

    /** The message as it is printed: a name stays on its line and commands no terminal. */
    public String printable() {
        String report = getMessage().substring(named);
        return Terminal.printable(getMessage().substring(0, named)) + report.lines().map(Terminal::printable).collect(Collectors.joining("\n"));
    }

    public int status() {
        return status;
    }
}
