package dev.banos.samples.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's promises that a machine can check. */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("^```(\\w*)\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    private final String readme = TextFile.of(Checkout.root().resolve("README.md")).text();

    @TempDir
    Path folder;

    @Test
    void itsJavaCompiles() {
        List<String> examples = blocks("java");
        assertThat(examples).hasSize(2);
        for (String example : examples) {
            assertThat(Snippet.compile(folder, example)).as(example).isEmpty();
        }
    }

    /** Of the modules' READMEs, the examples that are whole files. */
    @Test
    void theModulesExamplesCompile() {
        List<String> examples = Checkout.documents().stream().filter(document -> !document.path().equals("README.md"))
                .flatMap(document -> BLOCK.matcher(document.text()).results())
                .filter(block -> block.group(1).equals("java") && block.group(2).startsWith("import ")).map(block -> block.group(2)).toList();
        assertThat(examples).isNotEmpty();
        for (String example : examples) {
            assertThat(Snippet.compile(folder, example)).as(example).isEmpty();
        }
    }

    @Test
    void anExampleThatDoesNotCompileWouldBeSeen() {
        assertThat(Snippet.compile(folder, "class A { dev.banos.mem.NoSuchThing thing; }")).contains("NoSuchThing");
    }

    @Test
    void itsFirstBlockIsTwoCommands() {
        List<String> commands = allBlocks().getFirst().group(2).lines().toList();
        assertThat(commands).hasSize(2);
        assertThat(commands.get(0)).startsWith("samples/banos install --any-user");
        assertThat(commands.get(1)).startsWith("mvn ");
    }

    /** Whoever runs the first command from the README finds the files that it names. */
    @Test
    void theFilesOfTheFirstCommandExist() {
        String command = allBlocks().getFirst().group(2).lines().findFirst().orElseThrow();
        assertThat(Pattern.compile("\\S+\\.o\\b").matcher(command).results().map(MatchResult::group))
                .isNotEmpty()
                .allSatisfy(file -> assertThat(Checkout.root().resolve(file)).exists());
    }

    @Test
    void everyPublicWordOfTheCommandIsListed() throws IOException {
        String page = Files.readString(Checkout.root().resolve("samples/guides/command.md"));
        String command = Files.readString(Checkout.root().resolve("samples/src/main/java/dev/banos/samples/Banos.java"));
        assertThat(Pattern.compile("case \"(\\w+)\"").matcher(command).results().map(word -> "`banos " + word.group(1)))
                .isNotEmpty()
                .allSatisfy(word -> assertThat(page).contains(word));
    }

    private List<String> blocks(String language) {
        return allBlocks().stream().filter(block -> block.group(1).equals(language)).map(block -> block.group(2)).toList();
    }

    private List<MatchResult> allBlocks() {
        return BLOCK.matcher(readme).results().toList();
    }
}
