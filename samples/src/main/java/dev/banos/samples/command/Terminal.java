package dev.banos.samples.command;

/** What is printed for people, of names that come from files. */
public final class Terminal {
    private Terminal() {
    }

    /** The text with a question mark for each control character: it stays one line, and commands no terminal. */
    public static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}\\x{80}-\\x{9f}]", "?");
    }
}
