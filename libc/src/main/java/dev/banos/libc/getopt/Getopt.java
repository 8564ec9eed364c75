package dev.banos.libc.getopt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The state of one parse of a command line: {@code getopt}, {@code getopt_long} and {@code getopt_long_only} as glibc 2.36
 * behaves (its manual, "Parsing program options using getopt"; POSIX.1-2017 for plain {@code getopt}).
 * C keeps this state in globals; here it is an object, so that parses may nest and run side by side, each in one thread.
 *
 * <pre>{@code
 *  Getopt options = new Getopt();
 *  ArgumentVector argv = ArgumentVector.ofMain("banos", args);
 *  for (int option; (option = options.getoptLong(argv, "hv", LONG_OPTIONS)) != Getopt.END; ) {
 *      switch (option) { ... }
 *  }
 *  List<String> operands = argv.from(options.optind());
 * }</pre>
 *
 * While elements are permuted, the vector looks like this; the operands skipped so far move behind the options that are
 * found after them, one rotation a batch:
 * <pre>
 *  0         firstOperand   endOfOperands    optind               argc
 *  +---------+--------------+----------------+--------------------+
 *  | options |   operands   |  options since |   not yet looked at |
 *  +---------+--------------+----------------+--------------------+
 * </pre>
 *
 * <p>The option string, in order: {@code +} (stop at the first operand) or {@code -} (report each operand as
 * {@link #OPERAND}); {@code :} (silent, and a missing argument is {@link #MISSING}); then the option characters, each
 * with {@code :} for a required and {@code ::} for an optional argument. {@code W;} makes {@code -W name} mean
 * {@code --name}. Neither {@code +} nor {@code -}: operands move to the end, unless the environment has
 * {@code POSIXLY_CORRECT}, which acts as {@code +}.
 *
 * <p>Two differences from C, both where C cannot do better: an option character is never negative (a byte above 127, with
 * C's signed {@code char}, can even read as {@link #END}), and an {@code optind} past the end is reported.
 */
public final class Getopt {
    /** No more options; {@link #optind} is the index of the first operand. */
    public static final int END = -1;
    /** With {@code -} first in the option string: an operand, which is in {@link #optarg}. */
    public static final int OPERAND = 1;
    /** A bad option, or without {@code :} in front a missing argument; {@link #optopt} says which option. */
    public static final int UNKNOWN = '?';
    /** A missing argument, if {@code :} stands first in the option string. */
    public static final int MISSING = ':';

    private enum Form { SHORT, LONG, LONG_ONLY }

    private enum Ordering { PERMUTE, STOP_AT_OPERAND, REPORT_OPERANDS }

    private final Appendable messages;
    private final UnaryOperator<String> environment;

    private int optind = 1;
    private boolean opterr = true;
    private int optopt;
    private int longindex = -1;
    private @Nullable String optarg;
    private long optargAddress;

    // What lasts between calls.
    private boolean started;
    private Ordering ordering = Ordering.PERMUTE;
    private int firstOperand;
    private int endOfOperands;
    private String element = ""; // being read: all but its first `next` units are still to come
    private long elementAddress;
    private int next;

    // What the call under way was given.
    private ArgumentVector argv = ArgumentVector.of(new String[0]);
    private String shortOptions = ""; // without + or - in front
    private List<LongOption> longOptions = List.of();
    private Form form = Form.SHORT;

    /** A parse that writes its messages to {@link System#err}, and uses the process's environment. */
    public Getopt() {
        this(System.err, System::getenv);
    }

    /**
     * A parse that does not use the process's standard error and environment.
     *
     * @param messages receives each message whole, with its line end
     * @param environment gives the value of a variable, or null; it is asked for {@code POSIXLY_CORRECT} when a parse starts
     */
    public Getopt(Appendable messages, UnaryOperator<String> environment) {
        this.messages = Objects.requireNonNull(messages, "messages");
        this.environment = Objects.requireNonNull(environment, "environment");
    }

    /** {@return the index of the element to be looked at next} */
    public int optind() {
        return optind;
    }

    /**
     * Sets the index to go on at; 0 starts a new parse at 1, and reads the environment and the option string anew.
     *
     * @param index of an element of the vector, or 0
     */
    public void optind(int index) {
        this.optind = index;
    }

    /** {@return whether messages are printed; true at first} */
    public boolean opterr() {
        return opterr;
    }

    /**
     * Sets whether messages are printed.
     *
     * @param print false for a program that reports {@link #UNKNOWN} and {@link #MISSING} itself
     */
    public void opterr(boolean print) {
        this.opterr = print;
    }

    /**
     * {@return the option that the last {@link #UNKNOWN} or {@link #MISSING} was about: its character, or its value where it is
     * a known long one, or 0 where it is unknown or ambiguous}
     */
    public int optopt() {
        return optopt;
    }

    /** {@return the index in the list of the long option found last, -1 before} */
    public int longindex() {
        return longindex;
    }

    /** {@return the argument of the option just returned, null where it has none} */
    public @Nullable String optarg() {
        return optarg;
    }

    /** {@return where {@link #optarg} lies in native memory; 0 where there is none or it is a Java string} */
    public long optargAddress() {
        return optargAddress;
    }

    /**
     * The next short option.
     *
     * @param argv the same vector in each call of one parse
     * @param optstring the short options, as above
     * @return its character, or {@link #END}, {@link #OPERAND}, {@link #UNKNOWN} or {@link #MISSING}
     * @throws IllegalStateException where {@code optind} was set past the end of the vector
     * @throws UncheckedIOException where the message could not be written
     */
    public int getopt(ArgumentVector argv, String optstring) {
        return parse(argv, optstring, List.of(), Form.SHORT);
    }

    /**
     * The next option, short or long. A long name may be abbreviated if no other option begins so, or if all that do mean the same.
     *
     * @param argv the same vector in each call of one parse
     * @param optstring the short options, as above
     * @param longOptions the long ones; {@link #longindex} is an index into this list
     * @return as {@link #getopt}, and for a long option its value, or 0 where it has a flag
     * @throws IllegalStateException as {@link #getopt}
     */
    public int getoptLong(ArgumentVector argv, String optstring, List<LongOption> longOptions) {
        return parse(argv, optstring, Objects.requireNonNull(longOptions, "longOptions"), Form.LONG);
    }

    /**
     * The next option, as {@link #getoptLong}; but one dash begins a long option, too, unless it matches none and its first
     * character is a short option.
     *
     * @param argv the same vector in each call of one parse
     * @param optstring the short options, as above
     * @param longOptions the long ones
     * @return as {@link #getoptLong}
     */
    public int getoptLongOnly(ArgumentVector argv, String optstring, List<LongOption> longOptions) {
        return parse(argv, optstring, Objects.requireNonNull(longOptions, "longOptions"), Form.LONG_ONLY);
    }

    private int parse(ArgumentVector argv, String optstring, List<LongOption> longOptions, Form form) {
        if (argv.count() < 1) {
            return END;
        }
        if (optind < 0 || optind > argv.count()) {
            throw new IllegalStateException("optind=" + optind + " is outside of argc=" + argv.count() + "; set 0 to start anew");
        }
        if (optind == 0 || !started) {
            start(optstring);
        }
        this.argv = argv;
        this.shortOptions = argv.unitsOf(optstring.startsWith("+") || optstring.startsWith("-") ? optstring.substring(1) : optstring);
        this.longOptions = longOptions;
        this.form = form;
        optarg = null;
        optargAddress = 0;
        return elementDone() ? nextElement() : shortOption();
    }

    private void start(String optstring) {
        optind = Math.max(optind, 1);
        firstOperand = endOfOperands = optind;
        leaveElement();
        if (optstring.startsWith("-")) {
            ordering = Ordering.REPORT_OPERANDS;
        } else if (optstring.startsWith("+") || environment.apply("POSIXLY_CORRECT") != null) {
            ordering = Ordering.STOP_AT_OPERAND;
        } else {
            ordering = Ordering.PERMUTE;
        }
        started = true;
    }

    private int nextElement() {
        endOfOperands = Math.min(endOfOperands, optind); // the program may have set optind back
        firstOperand = Math.min(firstOperand, optind);
        if (ordering == Ordering.PERMUTE) {
            skipOperands();
        }
        if (optind < argv.count() && argv.units(optind).equals("--")) {
            endOptions();
        }
        if (optind == argv.count()) {
            optind = firstOperand != endOfOperands ? firstOperand : optind;
            return END;
        }
        if (isOperand(optind)) {
            return operand();
        }
        return option();
    }

    private void skipOperands() {
        gatherOperands();
        while (optind < argv.count() && isOperand(optind)) {
            optind++;
        }
        endOfOperands = optind;
    }

    /** Puts the options found since behind the ones before, so that the operands end at {@code optind}, or begin there. */
    private void gatherOperands() {
        if (firstOperand == endOfOperands) {
            firstOperand = optind;
        } else if (endOfOperands != optind) {
            argv.rotate(firstOperand, endOfOperands, optind);
            firstOperand += optind - endOfOperands;
        }
        endOfOperands = optind;
    }

    /** Behind {@code --} all is operand. */
    private void endOptions() {
        optind++;
        gatherOperands();
        optind = endOfOperands = argv.count();
    }

    private boolean isOperand(int index) {
        String units = argv.units(index);
        return !units.startsWith("-") || units.length() == 1;
    }

    private int operand() {
        if (ordering == Ordering.STOP_AT_OPERAND) {
            return END;
        }
        takeNextElement();
        return OPERAND;
    }

    private int option() {
        enterElement(1);
        if (form != Form.SHORT && element.startsWith("-", next)) {
            next++;
            return longOption("--");
        }
        return form == Form.LONG_ONLY && readsAsLong() ? longOption("-") : shortOption();
    }

    /** Behind one dash a known short option on its own is just that; with more behind it, a long option has precedence. */
    private boolean readsAsLong() {
        boolean knownShort = shortOptions.indexOf(element.charAt(next)) >= 0;
        return !knownShort || element.length() > next + 1 && !candidates(longName()).isEmpty();
    }

    private int shortOption() {
        char option = element.charAt(next++);
        int place = shortOptions.indexOf(option);
        if (elementDone()) {
            optind++;
        }
        if (place < 0 || option == ':' || option == ';') {
            return reject(option, "invalid option -- '" + argv.textOf(String.valueOf(option)) + "'");
        }
        if (option == 'W' && form != Form.SHORT && shortOptions.startsWith(";", place + 1)) {
            return longOptionBehindW();
        }
        if (shortOptions.startsWith("::", place + 1)) {
            takeRestOfCluster();
        } else if (shortOptions.startsWith(":", place + 1) && !takeRestOfCluster() && !takeNextElement()) {
            return rejectMissing(option, "option requires an argument -- '" + argv.textOf(String.valueOf(option)) + "'");
        }
        return option;
    }

    private int longOptionBehindW() {
        if (elementDone()) {
            if (optind >= argv.count()) {
                return rejectMissing('W', "option requires an argument -- 'W'");
            }
            enterElement(0);
        }
        form = Form.LONG; // two dashes would stand before the name
        return longOption("-W ");
    }

    /** {@code prefix} is what stood before the name on the command line, for messages. */
    private int longOption(String prefix) {
        String name = longName();
        List<Integer> candidates = candidates(name);
        if (candidates.size() != 1) {
            return rejectName(prefix, candidates);
        }
        LongOption found = longOptions.get(candidates.getFirst());
        int behindName = next + name.length();
        optind++;
        if (behindName < element.length()) {
            if (found.argument() == LongOption.Argument.NONE) {
                leaveElement();
                return reject(found.value(), "option '" + prefix + found.name() + "' doesn't allow an argument");
            }
            takeRestOfElement(behindName + 1);
        } else {
            leaveElement();
            if (found.argument() == LongOption.Argument.REQUIRED && !takeNextElement()) {
                return rejectMissing(found.value(), "option '" + prefix + found.name() + "' requires an argument");
            }
        }
        longindex = candidates.getFirst();
        return found.deliver();
    }

    private String longName() {
        int equals = element.indexOf('=', next);
        return element.substring(next, equals < 0 ? element.length() : equals);
    }

    /**
     * The indices of the options that {@code name} may stand for: the one of exactly that name, or those that begin so. Of
     * these only the first of each meaning counts against the first one of all, but behind one dash each counts.
     */
    private List<Integer> candidates(String name) {
        List<Integer> candidates = new ArrayList<>();
        for (int i = 0; i < longOptions.size(); i++) {
            LongOption option = longOptions.get(i);
            String units = argv.unitsOf(option.name());
            if (units.equals(name)) {
                return List.of(i);
            }
            if (units.startsWith(name)
                    && (candidates.isEmpty() || form == Form.LONG_ONLY || !option.means(longOptions.get(candidates.getFirst())))) {
                candidates.add(i);
            }
        }
        return candidates;
    }

    private int rejectName(String prefix, List<Integer> candidates) {
        String given = "option '" + prefix + argv.textOf(element.substring(next)) + "'";
        optind++;
        leaveElement();
        if (candidates.isEmpty()) {
            return reject(0, "unrecognized " + given);
        }
        StringBuilder message = new StringBuilder(given).append(" is ambiguous; possibilities:");
        for (int candidate : candidates) {
            message.append(" '").append(prefix).append(longOptions.get(candidate).name()).append('\'');
        }
        return reject(0, message.toString());
    }

    private int rejectMissing(int option, String message) {
        reject(option, message);
        return isSilent() ? MISSING : UNKNOWN;
    }

    private int reject(int option, String message) {
        optopt = option;
        if (opterr && !isSilent()) {
            try {
                messages.append(argv.get(0) + ": " + message + "\n");
            } catch (IOException failed) {
                throw new UncheckedIOException("message not written: " + message, failed);
            }
        }
        return UNKNOWN;
    }

    private boolean isSilent() {
        return shortOptions.startsWith(":");
    }

    // The element being read.

    private void enterElement(int from) {
        element = argv.units(optind);
        elementAddress = argv.address(optind);
        next = from;
    }

    private void leaveElement() {
        element = "";
        elementAddress = 0;
        next = 0;
    }

    private boolean elementDone() {
        return next == element.length();
    }

    // Arguments.

    private boolean takeNextElement() {
        if (optind >= argv.count()) { // beyond it where the program set it to the end amid a cluster
            return false;
        }
        enterElement(0);
        takeRestOfElement(0);
        optind++;
        return true;
    }

    private boolean takeRestOfCluster() {
        if (elementDone()) {
            return false;
        }
        takeRestOfElement(next);
        optind++;
        return true;
    }

    private void takeRestOfElement(int from) {
        optarg = argv.textOf(element.substring(from));
        optargAddress = elementAddress == 0 ? 0 : elementAddress + from;
        leaveElement();
    }
}
