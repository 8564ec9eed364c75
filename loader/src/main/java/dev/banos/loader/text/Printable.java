package dev.banos.loader.text;

/** Names come from files that may hold anything: in text for people, a line stays one, and nothing commands a terminal. */
public final class Printable {
    private Printable() {
    }

    /** The text with a question mark for each character that is not {@linkplain #isPlain plain}. */
    public static String of(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(letter -> printable.appendCodePoint(isPlain(letter) ? letter : '?'));
        return printable.toString();
    }

    /** Whether no terminal obeys it, ends a line at it, shows by it other letters elsewhere than they stand, or lacks its other half. */
    public static boolean isPlain(int letter) {
        return switch (Character.getType(letter)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> false;
            default -> true;
        };
    }
}
