package dev.banos.samples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The command lines of documents that take too long to be run: what they name, exists. Builds with their modules, profiles
 * and tests; benchmarks with their names and parameters.
 */
class CommandLinesTest {
    private static final Path ROOT = DocumentsTest.ROOT;
    private static final Pattern COMMAND = Pattern.compile("(?m)^(?: {4}|)(?:[A-Z_]+=\\S+ )?(mvn |samples/benchmarks/run )([^#\n]*)");
    private static final Pattern MODULES = Pattern.compile("-pl (\\S+)");
    private static final Pattern PROFILE = Pattern.compile("-P([\\w,]+)");
    private static final Pattern TESTS = Pattern.compile("-Dtest='?([\\w*,]+)'?");
    private static final Pattern PARAMETER = Pattern.compile("-p (\\w+)=");
    private static final Pattern NAMES = Pattern.compile("^'?([^' ]+)'?");
    private static final Pattern DECLARED = Pattern.compile("(?:class|void|int|long|Object|double|MemorySegment|boolean) (\\w+)[ (]");

    @Test
    void buildsNameModulesProfilesAndTestsThatExist() {
        List<String> builds = commands("mvn ");
        assertThat(builds).hasSizeGreaterThan(10);
        String poms = files("pom.xml").map(CommandLinesTest::read).collect(Collectors.joining());
        Set<String> classes = files(".java").map(file -> file.getFileName().toString().replace(".java", "")).collect(Collectors.toSet());
        for (String build : builds) {
            words(MODULES, build).forEach(module -> assertThat(ROOT.resolve(module.replace("!", "")).resolve("pom.xml")).as(build).exists());
            words(PROFILE, build).forEach(profile -> assertThat(poms).as(build).contains("<id>" + profile + "</id>"));
            words(TESTS, build).forEach(test -> assertThat(classes).as(build).anyMatch(name -> name.matches(test.replace("*", ".*"))));
        }
    }

    @Test
    void benchmarksHaveTheNamesAndParametersThatDocumentsGive() {
        List<String> runs = commands("samples/benchmarks/run ");
        assertThat(runs).hasSizeGreaterThan(10);
        List<Path> sources = files(".java").filter(file -> file.startsWith(ROOT.resolve("samples/benchmarks"))).toList();
        Set<String> names = new TreeSet<>();
        for (Path source : sources) {
            String type = source.getFileName().toString().replace(".java", "");
            names.add(type);
            DECLARED.matcher(read(source)).results().forEach(method -> names.add(type + "." + method.group(1)));
        }
        String all = sources.stream().map(CommandLinesTest::read).collect(Collectors.joining());
        for (String run : runs) {
            Pattern wanted = Pattern.compile(words(NAMES, run).findFirst().orElseThrow());
            assertThat(names).as(run).anyMatch(name -> wanted.matcher(name).find());
            for (String each : wanted.pattern().contains("(") ? new String[0] : wanted.pattern().split("\\|")) {
                assertThat(names).as(run).anyMatch(name -> Pattern.compile(each).matcher(name).find());
            }
            parameters(run).forEach(name -> assertThat(all).as(run)
                    .containsPattern("@Param[^;]*?\\b(?:public )?[\\w<>]+ " + name + "\\b"));
        }
    }

    private static Stream<String> parameters(String run) {
        return PARAMETER.matcher(run).results().map(match -> match.group(1));
    }

    private static Stream<String> words(Pattern pattern, String command) {
        return pattern.matcher(command).results().flatMap(match -> Stream.of(match.group(1).split(",")));
    }

    private static List<String> commands(String program) {
        return files(".md").flatMap(file -> COMMAND.matcher(read(file)).results()).filter(match -> match.group(1).equals(program))
                .map((MatchResult match) -> match.group(2)).toList();
    }

    private static Stream<Path> files(String ending) {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().endsWith(ending) && !file.toString().contains("/target/")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
