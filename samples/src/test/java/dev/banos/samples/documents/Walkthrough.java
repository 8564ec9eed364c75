package dev.banos.samples.documents;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a document tells its reader to do, in order.
 *
 * <p>A fenced block after a paragraph that says "Save this as {@code `name`}" is a file. A {@code sh} block is run. A {@code text} block
 * after it, with at most a sentence between, is what that prints: a line of only "…" stands for any lines, a "…" within a
 * line for anything. Blocks of other languages are for reading, and so is a fence without one.
 */
record Walkthrough(List<Step> steps) {
    /** @param line where its block begins in the document, from 1 */
    sealed interface Step {
        int line();
    }

    record Save(int line, String name, String text) implements Step {
    }

    /** @param shown null where the document does not show what the commands print */
    record Run(int line, String commands, String shown) implements Step {
    }

    private static final Pattern SAVE = Pattern.compile("[Ss]ave this as\\s+`([\\w./-]+)`");
    private static final Pattern FENCE = Pattern.compile("^```(\\w*)$");

    static Walkthrough of(String markdown) {
        List<Step> steps = new ArrayList<>();
        List<String> lines = markdown.lines().toList();
        String prose = "";
        for (int at = 0; at < lines.size(); at++) {
            Matcher fence = FENCE.matcher(lines.get(at));
            if (!fence.matches()) {
                prose = lines.get(at).isBlank() ? prose : lines.get(at).startsWith("#") ? "" : prose + lines.get(at) + "\n";
                continue;
            }
            int end = closing(lines, at);
            add(steps, fence.group(1), prose, at + 1, String.join("\n", lines.subList(at + 1, end)) + "\n");
            prose = "";
            at = end;
        }
        return new Walkthrough(steps);
    }

    private static int closing(List<String> lines, int opening) {
        int end = opening + 1;
        while (end < lines.size() && !lines.get(end).equals("```")) {
            end++;
        }
        if (end == lines.size()) {
            throw new IllegalArgumentException("line " + (opening + 1) + ": the block has no end");
        }
        return end;
    }

    private static void add(List<Step> steps, String language, String prose, int line, String text) {
        Matcher save = SAVE.matcher(prose);
        String name = save.results().map(match -> match.group(1)).reduce("", (first, second) -> second);
        if (!name.isEmpty()) {
            steps.add(new Save(line, name, text));
        } else if (language.equals("sh")) {
            steps.add(new Run(line, text, null));
        } else if (language.equals("text")) {
            if (steps.isEmpty() || !(steps.getLast() instanceof Run run) || run.shown() != null || prose.lines().count() > 3) {
                throw new IllegalArgumentException("line " + line + ": shows an output, and no commands stand before it");
            }
            steps.set(steps.size() - 1, new Run(run.line(), run.commands(), text));
        }
    }

    /** Whether what was printed is what the document shows. */
    static boolean matches(String shown, String printed) {
        StringBuilder pattern = new StringBuilder();
        for (String line : shown.stripTrailing().split("\n", -1)) {
            if (line.equals("…")) {
                pattern.append("(?:.*\n)*?");
            } else {
                pattern.append(line.isEmpty() ? "" : quoted(line.stripTrailing())).append("[ \t]*\n");
            }
        }
        return printed.stripTrailing().concat("\n").matches(pattern.toString());
    }

    private static String quoted(String line) {
        StringBuilder pattern = new StringBuilder();
        for (String part : line.split("…", -1)) {
            pattern.append(pattern.isEmpty() ? "" : ".*").append(Pattern.quote(part));
        }
        return pattern.toString();
    }
}
