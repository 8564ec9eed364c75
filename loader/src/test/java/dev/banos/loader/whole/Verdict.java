package dev.banos.loader.whole;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What GNU ld's program, lld's and the link in this process say. What GNU ld refuses for a reason that has nothing to do with the rules
 * of names is not compared: it has no answer then. Neither is what Banos refuses because its distance is too far, as its README says.
 */
record Verdict(String bfd, String lld, String here) {
    static final String DIED = "died";

    private static final Pattern RULE = Pattern.compile("multiple definition|duplicate symbol|undefined [a-z ]*(reference|symbol)"
            + "|TLS|mismatch|isn't defined|discarded section|at run time");

    /**
     * Each may be as either linker has it, for itself: lld does not run old tables of constructors and destructors, and in GNU ld's
     * programs pointers to an indirect function may differ. So addresses count only where lld agrees with all values.
     */
    private enum Part {
        VALUES, STARTS, ENDS, ADDRESSES;

        static Part of(String line) {
            return line.startsWith("-1 start") ? STARTS : line.startsWith("end") ? ENDS
                    : line.matches("\\d+ (f\\d|__libc_current_sigrtmin) at = .*") ? ADDRESSES : VALUES;
        }

        List<String> in(String said) {
            return said.lines().filter(line -> !line.isBlank() && of(line) == this).toList();
        }
    }

    boolean isDecided() {
        return isAnswer(bfd) && !(isRefusal(here) && here.contains("does not fit"));
    }

    /** Whether neither linker and nobody here took the files. */
    boolean isRefusal() {
        return isRefusal(bfd) && isRefusal(lld) && isRefusal(here);
    }

    boolean differs() {
        if (!isDecided()) {
            return here.equals(DIED);
        }
        if (isRefusal(here)) {
            return !isRefusal(bfd) && !(isRefusal(lld) && isAnswer(lld));
        }
        boolean asLld = Part.VALUES.in(here).equals(Part.VALUES.in(lld));
        for (Part part : Part.values()) {
            List<String> said = part.in(here);
            if (part == Part.ADDRESSES && !asLld) {
                continue;
            }
            if (!said.equals(part.in(bfd)) && !(isAnswer(lld) && said.equals(part.in(lld)))) {
                return true;
            }
        }
        return false;
    }

    /** Which kind of difference it is, for who looks for a smaller one of the same. */
    String kind() {
        return (here.equals(DIED) ? DIED : isRefusal(here)) + " " + isRefusal(bfd) + " " + isRefusal(lld);
    }

    private static boolean isRefusal(String said) {
        return said.startsWith(LinkOracle.REFUSED);
    }

    private static boolean isAnswer(String said) {
        return !isRefusal(said) || RULE.matcher(said).find();
    }

    @Override
    public String toString() {
        return "GNU ld:\n" + bfd + "\nlld:\n" + lld + "\nhere:\n" + here;
    }
}
