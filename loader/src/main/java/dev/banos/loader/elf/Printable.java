package dev.banos.loader.elf;

/** Names come from files that may hold anything: in text for people, a line stays one, and nothing commands a terminal. */
public final class Printable {
    private Printable() {
    }

    /** The text with a question mark for each control character, those above ASCII too. */
    public static String of(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                return replaced(text, i);
            }
        }
        return text;
    }

    private static String replaced(String text, int first) {
        StringBuilder printable = new StringBuilder(text);
        for (int i = first; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                printable.setCharAt(i, '?');
            }
        }
        return printable.toString();
    }
}
