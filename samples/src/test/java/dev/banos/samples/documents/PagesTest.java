package dev.banos.samples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages that list what the sources say are held against them, in both directions where that can be. */
class PagesTest {
    private static final Pattern PROPERTY = Pattern.compile("\"(banos\\.\\w+(?:\\.\\w+)*)\"");
    private static final Pattern LISTED = Pattern.compile("(?m)^\\| `(banos\\.[\\w.]+)` \\|");
    /** Names of a property anywhere in a document: those, too, shall exist. */
    private static final Pattern MENTIONED = Pattern.compile("-D(banos\\.\\w+(?:\\.\\w+)*)");
    private static final Pattern MESSAGE_CELL = Pattern.compile("(?m)^\\|([^|]*`[^|]*)\\|");
    private static final Pattern QUOTED = Pattern.compile("`([^`]+)`");
    private static final Set<String> SKIPPED = Set.of("target", ".git", "generated");

    private final Path root = DocumentsTest.ROOT;

    @Test
    void thePageOfPropertiesListsThoseThatAreRead() {
        String page = read(root.resolve("samples/guides/properties.md"));
        assertThat(found(LISTED, page)).isEqualTo(properties(mainSources())).isNotEmpty();
    }

    @Test
    void noDocumentNamesAPropertyThatIsGone() {
        assertThat(files("md").stream().flatMap(file -> found(MENTIONED, read(file)).stream())).isNotEmpty().isSubsetOf(properties(files("java").stream()));
    }

    @Test
    void everyMessageOfTheListIsInTheSources() {
        String sources = mainSources().map(PagesTest::read).collect(Collectors.joining("\n")) + read(root.resolve("samples/jdk.sh"))
                + read(root.resolve("samples/banos"));
        String page = read(root.resolve("samples/guides/troubleshooting.md"));
        List<String> parts = MESSAGE_CELL.matcher(page).results().flatMap(cell -> QUOTED.matcher(cell.group(1)).results())
                .flatMap(message -> Stream.of(message.group(1).split("…"))).map(String::strip).filter(part -> part.length() > 3).toList();
        assertThat(parts).hasSizeGreaterThan(40).allSatisfy(part -> assertThat(sources).contains(part));
    }

    /** But for our own, which is what tests check, and for what the very nature of the JDK's arenas or of a binding says. */
    @Test
    void cellsOfTheComparisonNameTheirSources() {
        String page = read(root.resolve("samples/guides/comparison.md"));
        Set<String> defined = found(Pattern.compile("(?m)^(\\[\\d+]) "), page);
        String table = page.substring(page.indexOf("\n| "), page.indexOf("\n\n**Take something else**"));
        assertThat(found(Pattern.compile("(\\[\\d+])"), table)).isEqualTo(defined).hasSizeGreaterThan(10);
        List<String> bare = table.lines().skip(3).flatMap(row -> Stream.of(row.split("\\|")).skip(3)).map(String::strip)
                .filter(cell -> !cell.matches("yes|nothing|") && !cell.contains("[")).toList();
        assertThat(bare).isEmpty();
    }

    private static Set<String> properties(Stream<Path> sources) {
        return sources.flatMap(file -> found(PROPERTY, read(file)).stream()).collect(Collectors.toCollection(TreeSet::new));
    }

    private Stream<Path> mainSources() {
        return files("java").stream().filter(file -> file.toString().contains("/src/main/"));
    }

    private List<Path> files(String extension) {
        List<Path> found = new ArrayList<>();
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return SKIPPED.contains(folder.getFileName().toString()) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.toString().endsWith("." + extension)) {
                        found.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static Set<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map((MatchResult match) -> match.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
