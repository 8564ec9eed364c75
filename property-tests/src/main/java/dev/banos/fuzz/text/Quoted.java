package dev.banos.fuzz.text;

import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What came from elsewhere, a target's name, say, as a part of a text in some language, where it must not become more than that. */
public final class Quoted {
    private static final Pattern PLAIN_WORD = Pattern.compile("[\\w@%+=:,./-]+");
    private static final Pattern JOINED = Pattern.compile("(\\\\|\\?\\?/) *$", Pattern.MULTILINE);
    private static final Pattern ESCAPED = Pattern.compile("\\\\(?:u(?<code>[0-9a-f]{4})|(?<letter>.))");
    private static final char LAST_OF_ASCII = '~';
    private static final int HEXADECIMAL = 16;

    private Quoted() {
    }

    /** The rest of a line, from which {@link #fromField} gets the very same text. */
    public static String field(String text) {
        StringBuilder field = new StringBuilder();
        text.codePoints().forEach(letter -> {
            switch (letter) {
                case '\\' -> field.append("\\\\");
                case '\n' -> field.append("\\n");
                default -> {
                    if (isPlain(letter) || letter > Character.MAX_VALUE) {
                        field.appendCodePoint(letter);
                    } else {
                        field.append(String.format("\\u%04x", letter));
                    }
                }
            }
        });
        return field.toString();
    }

    /** The inverse of {@link #field}. */
    public static String fromField(String field) {
        return ESCAPED.matcher(field).replaceAll(escaped -> Matcher.quoteReplacement(meaning(escaped)));
    }

    private static String meaning(MatchResult escaped) {
        String code = escaped.group("code");
        return code != null ? Character.toString((char) Integer.parseInt(code, HEXADECIMAL))
                : escaped.group("letter").equals("n") ? "\n" : escaped.group("letter");
    }

    /** On one line, with nothing that a terminal obeys, that shows elsewhere than it stands, or that no file holds. */
    public static String line(String text) {
        StringBuilder line = new StringBuilder();
        text.codePoints().forEach(letter -> line.appendCodePoint(isPlain(letter) ? letter : ' '));
        return line.toString();
    }

    /** As {@link #line}, but what is on several lines stays so. */
    public static String lines(String text) {
        return Arrays.stream(text.split("\n", -1)).map(Quoted::line).collect(Collectors.joining("\n"));
    }

    private static boolean isPlain(int letter) {
        return switch (Character.getType(letter)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> false;
            default -> true;
        };
    }

    /** In a comment of C, whose compiler joins a line that ends in a backslash, or in what stands for one, with the next. */
    public static String comment(String text) {
        return JOINED.matcher(lines(text)).replaceAll("$0.").replace("*/", "* /");
    }

    /** A literal of Java. Its compiler reads a code of a letter in ASCII as the letter itself, so that such have three digits. */
    public static String literal(String text) {
        StringBuilder literal = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                literal.append('\\').append(letter);
            } else if (letter >= ' ' && letter <= LAST_OF_ASCII) {
                literal.append(letter);
            } else {
                literal.append(String.format(letter < LAST_OF_ASCII + 2 ? "\\%03o" : "\\u%04x", (int) letter));
            }
        }
        return literal.append('"').toString();
    }

    /** A word of a shell. */
    public static String word(String text) {
        return PLAIN_WORD.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
