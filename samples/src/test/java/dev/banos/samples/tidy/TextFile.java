package dev.banos.samples.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A file and where it lies in the checkout.
 *
 * @param path relative to the root of the checkout
 */
record TextFile(String path, String text) {

    static TextFile of(Path file) {
        try {
            return new TextFile(Checkout.root().relativize(file).toString(), Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Each place where {@code pattern} matches, as {@code path:line: what it says}. */
    List<String> places(Pattern pattern) {
        return pattern.matcher(text).results()
                .map(match -> path + ":" + line(match.start()) + ": " + match.group().strip())
                .toList();
    }

    long lines() {
        return text.lines().count();
    }

    long line(int offset) {
        return text.substring(0, offset).chars().filter(c -> c == '\n').count() + 1;
    }

    /** The text with the inside of comments and of string literals blanked, line breaks kept. */
    TextFile codeOnly() {
        Matcher words = LITERALS_AND_COMMENTS.matcher(text);
        return new TextFile(path, words.replaceAll(match -> Matcher.quoteReplacement(blanked(match.group()))));
    }

    /** What a link to a part of this document may name, as GitHub makes it of the headings: {@code #the-design}. */
    Set<String> headings() {
        String prose = FENCED.matcher(text).replaceAll("");
        return HEADING.matcher(prose).results().map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
                .map(title -> "#" + title.replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-')).collect(Collectors.toSet());
    }

    private static final Pattern FENCED = Pattern.compile("^```.*?^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern LITERALS_AND_COMMENTS = Pattern.compile(
            "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);

    private static String blanked(String literalOrComment) {
        return literalOrComment.startsWith("/")
                ? literalOrComment.replaceAll("[^\n]", " ")
                : "\"" + literalOrComment.replaceAll("[^\n]", "") + "\"";
    }
}
