package dev.banos.samples.command;

import java.util.regex.Pattern;

/** What is printed for people, of names that come from files. */
public final class Terminal {
    private static final Pattern NOT_PLAIN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]");

    private Terminal() {
    }

    /**
     * The text with a question mark for each control or format character, separator of lines or paragraphs, and half of a
     * character: it stays one line, commands no terminal, and shows as it is read.
     */
    public static String printable(String text) {
        return NOT_PLAIN.matcher(text).replaceAll("?");
    }
}
