package dev.banos.samples.tidy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What can be seen in the text of a file. Each rule returns the places that break it. */
final class SourceRules {
    private static final Pattern VAGUE_NAME = Pattern.compile(
            "\\b(?:class|interface|record|enum)\\s+\\w*(?:Utils?|Helpers?|Managers?)\\b");
    private static final Pattern RESTRICTED = Pattern.compile("@SuppressWarnings\\([^)]*\"restricted\"[^)]*\\)");
    /** {@code segment.get(JAVA_INT, 12)}, {@code VALUE.get(segment, 12L)}: an offset that a layout should have given. */
    private static final Pattern RAW_OFFSET = Pattern.compile(
            "\\.[sg]et(?:Acquire|Release|Volatile|Opaque)?\\(\\s*(?:ValueLayout\\.)?(?:JAVA_(?:BYTE|SHORT|CHAR|INT|LONG|FLOAT|DOUBLE)|ADDRESS)"
                    + "(?:_UNALIGNED)?\\s*,\\s*(?!0[Ll]?\\b)(?:0[xX])?[0-9a-fA-F_]+[Ll]?\\s*[,)]");
    private static final Pattern EMPTY_CATCH = Pattern.compile("\\bcatch\\s*\\([^)]*\\)\\s*\\{\\s*\\}");
    private static final Pattern UNFINISHED = Pattern.compile("\\b(?:TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b");
    private static final Pattern MACHINE_PATH = Pattern.compile(
            "(?<![.\\w$}~*/-])/(?:work|farm|root|tmp|home)/[A-Za-z][\\w/.-]*");
    private static final Pattern LINK = Pattern.compile("(?<!!)\\[[^\\]\\[]*\\]\\(([^)\\s#]*)(#[^)\\s]*)?\\)");
    private static final Pattern TEST_METHOD = Pattern.compile("^\\s*@(?:Test|Property|Example|ParameterizedTest|RepeatedTest)\\b", Pattern.MULTILINE);

    private SourceRules() {
    }

    /** A function lives with its data; a type has a name that says which data. */
    static List<String> vagueNames(TextFile java) {
        return java.codeOnly().places(VAGUE_NAME);
    }

    /** Whoever audits native access reads one module. */
    static List<String> restrictedOutsideBindings(TextFile java) {
        return java.path().startsWith("bindings/") ? List.of() : java.places(RESTRICTED);
    }

    static List<String> rawOffsets(TextFile java) {
        return java.codeOnly().places(RAW_OFFSET);
    }

    /** A catch block that has nothing to do says why, in a comment. */
    static List<String> emptyCatches(TextFile java) {
        return java.places(EMPTY_CATCH);
    }

    static List<String> unfinishedMarks(TextFile file) {
        return file.places(UNFINISHED);
    }

    static List<String> machinePaths(TextFile file) {
        return file.places(MACHINE_PATH);
    }

    /** Links to files of the checkout, and to headings in its documents. */
    static List<String> deadLinks(TextFile document) {
        return LINK.matcher(document.text()).results()
                .filter(link -> !link.group(1).contains(":"))
                .filter(link -> !leadsSomewhere(document, link.group(1), link.group(2)))
                .map(link -> document.path() + ":" + document.line(link.start()) + ": " + link.group(1)
                        + Objects.requireNonNullElse(link.group(2), ""))
                .toList();
    }

    private static boolean leadsSomewhere(TextFile document, String file, @Nullable String heading) {
        Path target = Checkout.root().resolve(document.path()).getParent().resolve(file).normalize();
        if (!file.isEmpty() && !Files.exists(target)) {
            return false;
        }
        return heading == null || (file.isEmpty() ? document : TextFile.of(target)).headings().contains(heading);
    }

    /** Surefire passes over a class of another name, and the build stays green. */
    static List<String> testsThatSurefireSkips(TextFile java) {
        boolean hasTests = TEST_METHOD.matcher(java.codeOnly().text()).find();
        boolean runs = java.path().endsWith("Test.java");
        return hasTests && !runs ? List.of(java.path() + ": its tests never run, the name must end in Test") : List.of();
    }

    static List<String> longFiles(TextFile java, long limit) {
        return java.lines() > limit ? List.of(java.path() + ": " + java.lines() + " lines") : List.of();
    }
}
