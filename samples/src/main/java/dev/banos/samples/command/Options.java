package dev.banos.samples.command;

import dev.banos.libc.getopt.ArgumentVector;
import dev.banos.libc.getopt.Getopt;
import dev.banos.libc.getopt.LongOption;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The options and operands of a command in the order in which they are given, read by {@code getopt_long}. Every command
 * knows {@code --help}.
 */
public final class Options {
    /** An element that is no option; {@link #argument} is it. */
    public static final int OPERAND = Getopt.OPERAND;
    public static final int END = Getopt.END;

    private static final int HELP = 'h';

    private final Getopt getopt;
    private final ArgumentVector argv;
    private final List<LongOption> longOptions;
    private final String usage;
    private final PrintStream out;

    private String shortOptions = "-h"; // "-": operands in their place, as OPERAND
    private boolean onlyOperands; // behind "--"
    private @Nullable String argument;

    /**
     * @param program what messages begin with
     * @param usage   what {@code --help} prints
     */
    public Options(String program, String usage, String[] args, PrintStream out, PrintStream err, LongOption... longOptions) {
        this.getopt = new Getopt(err, System::getenv);
        this.argv = ArgumentVector.ofMain(program, args);
        this.longOptions = Stream.concat(
                Stream.of(longOptions), Stream.of(LongOption.of("help", LongOption.Argument.NONE, HELP))).toList();
        this.usage = usage;
        this.out = out;
    }

    /** @param more short options beside {@code -h}, as getopt takes them */
    public Options alsoShort(String more) {
        shortOptions += more;
        return this;
    }

    /**
     * The value of the next option, or {@link #OPERAND} or {@link #END}.
     *
     * @throws CommandEnd after {@code --help}, and after an option that is wrong
     */
    public int next() throws CommandEnd {
        if (!onlyOperands) {
            int option = getopt.getoptLong(argv, shortOptions, longOptions);
            if (option != END) {
                argument = getopt.optarg();
                return checked(option);
            }
            onlyOperands = true;
        }
        if (getopt.optind() == argv.count()) {
            return END;
        }
        argument = take();
        return OPERAND;
    }

    /** The argument of an option that has one, or the operand. */
    public String argument() {
        return Objects.requireNonNull(argument, "the option has no argument");
    }

    /** The next {@code count} elements as they stand, dashes and all; fewer where there are no more. */
    public List<String> takeRaw(int count) {
        List<String> taken = new ArrayList<>();
        while (taken.size() < count && getopt.optind() < argv.count()) {
            taken.add(take());
        }
        return taken;
    }

    private String take() {
        int index = getopt.optind();
        getopt.optind(index + 1);
        return argv.get(index);
    }

    private int checked(int option) throws CommandEnd {
        if (option == Getopt.UNKNOWN) {
            throw CommandEnd.explained();
        }
        if (option == HELP) {
            out.print(usage);
            throw CommandEnd.success();
        }
        return option;
    }
}
