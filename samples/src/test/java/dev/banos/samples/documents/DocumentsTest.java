package dev.banos.samples.documents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.samples.documents.Walkthrough.Run;
import dev.banos.samples.documents.Walkthrough.Save;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A reader who does what the READMEs and the guides say, in an empty folder beside this checkout's files, gets what they show. */
class DocumentsTest {
    /** Commands that a reader may lack: where one is not installed, the documents that use it are not tried. */
    private static final Pattern TOOLS = Pattern.compile("(?m)^(?:\\s*)(cc|gcc|ar|mvn|openssl)\\b");
    private static final Pattern LIBRARIES = Pattern.compile("/usr/[\\w./-]+\\.a\\b");
    /** What {@link ThisBuild} does here, because this build is not to be built anew while it is tested. */
    private static final Pattern INSTALL = Pattern.compile("(?m)^mvn -B install -Dmaven.test.skip -pl \\S+ -am$");
    /** Likewise; where its jar is not there yet, the document is not tried. */
    private static final String MAKE_AGENT = "mvn -B -q -pl native-mem/adapters/agent -am package -DskipTests\n";
    private static final String AGENT = "native-mem/adapters/agent/target/banos-agent.jar";

    private static final List<String> CHECKOUT = List.of("bindings", "native-mem", "libc", "loader", "property-tests", "samples", "pom.xml");
    private static final String REPOSITORY = "repository"; // of Maven, for the projects of a page
    static final Path ROOT = root();

    @TempDir
    Path folder;

    /** So that it is not built in the middle of a document, and says so there. */
    @BeforeAll
    static void buildTheCommand() throws IOException, InterruptedException {
        Process build = new ProcessBuilder(ROOT.resolve("samples/banos").toString(), "symbols").inheritIO()
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertThat(build.waitFor()).isZero();
    }

    @TestFactory
    Stream<DynamicTest> eachDocumentIsTrue() throws IOException {
        return documents().stream().filter(file -> !walkthrough(file).steps().isEmpty())
                .map(file -> DynamicTest.dynamicTest(ROOT.relativize(file).toString(), () -> isTrue(file)));
    }

    /** The guides, each README (of the whole, of the modules, of the adapters), and the pages behind the modules' ones. */
    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>(pages(ROOT.resolve("samples/guides")));
        for (String module : CHECKOUT) {
            documents.addAll(pages(ROOT.resolve(module).resolve("docs")));
        }
        try (Stream<Path> adapters = Files.list(ROOT.resolve("native-mem/adapters"))) {
            Stream.concat(Stream.concat(Stream.of(ROOT), CHECKOUT.stream().map(ROOT::resolve)), adapters.sorted())
                    .map(folder -> folder.resolve("README.md")).filter(Files::exists).forEach(documents::add);
        }
        return documents;
    }

    private static List<Path> pages(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> pages = Files.list(folder)) {
            return pages.filter(file -> file.toString().endsWith(".md")).sorted().toList();
        }
    }

    private void isTrue(Path file) throws IOException, InterruptedException {
        Walkthrough document = walkthrough(file);
        String commands = commands(document);
        named(TOOLS, commands).forEach(tool -> assumeTrue(ChildProcess.isInstalled(tool), "skipped: " + tool + " is not installed"));
        named(LIBRARIES, commands + files(document)).forEach(library -> assumeTrue(Files.exists(Path.of(library)), "skipped: " + library + " is not there"));
        assumeTrue(!commands.contains(AGENT) || Files.exists(ROOT.resolve(AGENT)), "skipped: " + AGENT + " is not built yet");
        assertThat(walk(ROOT.relativize(file).toString().replace('/', '-'), document)).as(file.toString()).isEmpty();
    }

    private String walk(String name, Walkthrough document) throws IOException, InterruptedException {
        Path place = Files.createDirectories(folder.resolve(name).resolve("banos"));
        Path records = Files.createDirectories(folder.resolve(name).resolve("records"));
        linkCheckout(place);
        boolean callsMaven = TOOLS.matcher(commands(document)).results().anyMatch(tool -> tool.group(1).equals("mvn"));
        if (callsMaven) {
            useThisBuild(folder.resolve(name));
        }
        try {
            return new Walk(place, records).failure(document);
        } finally {
            unlinkCheckout(place);
            if (callsMaven) {
                ThisBuild.unlinkFrom(folder.resolve(name).resolve(REPOSITORY));
            }
        }
    }

    private static void linkCheckout(Path place) throws IOException {
        for (String entry : CHECKOUT) {
            Files.createSymbolicLink(place.resolve(entry), ROOT.resolve(entry));
        }
    }

    private static void unlinkCheckout(Path place) throws IOException {
        for (String entry : CHECKOUT) {
            Files.delete(place.resolve(entry));
        }
    }

    /** Maven reads the options in the nearest {@code .mvn} above the folder that it is called in. */
    private static void useThisBuild(Path above) throws IOException {
        Path repository = above.resolve(REPOSITORY);
        List<Path> poms = Stream.of("", "bindings", "native-mem", "libc", "loader", "property-tests", "native-mem/bom")
                .map(module -> ROOT.resolve(module).resolve("pom.xml")).filter(Files::exists).toList();
        ThisBuild.installInto(repository, Path.of(System.getProperty("localRepository",
                System.getProperty("user.home") + "/.m2/repository")), poms);
        Files.writeString(Files.createDirectories(above.resolve(".mvn")).resolve("maven.config"), "-Dmaven.repo.local=" + repository + "\n");
    }

    @Test
    void commandsThatFailOrPrintOtherThingsAreSeen() throws Exception {
        String head = "Save this as `a/b.txt`:\n\n```c\none\n```\n\n```sh\ncd a\n```\n\n";
        assertThat(walk("right", Walkthrough.of(head + "```sh\ncat b.txt; echo 12 ms\n```\nprints\n\n```text\none\n… ms\n```\n"))).isEmpty();
        assertThat(walk("other", Walkthrough.of(head + "```sh\ncat b.txt\n```\n\n```text\ntwo\n```\n"))).contains("line 11", "two", "one");
        assertThat(walk("fails", Walkthrough.of(head + "```sh\nfalse\ntrue\n```\n"))).contains("line 11", "exit status 1");
        assertThat(walk("pipe", Walkthrough.of(head + "```sh\nfalse | true\n```\n\n```sh\necho\n```\n"))).contains("line 11");
    }

    @Test
    void anEllipsisStandsForWhatChanges() {
        assertThat(Walkthrough.matches("a\n…\nd\n", "a\nb\nc\nd\n")).isTrue();
        assertThat(Walkthrough.matches("a\n…\nd\n", "a\nd\n")).isTrue();
        assertThat(Walkthrough.matches("in … ms\n", "in 3.5 ms  \n")).isTrue();
        assertThat(Walkthrough.matches("a\n…\nd\n", "a\nb\n")).isFalse();
        assertThat(Walkthrough.matches("a\n", "a\nb\n")).isFalse();
        assertThat(Walkthrough.matches("a.c\n", "abc\n")).isFalse();
    }

    /** Each guide's commands are run here: one whose blocks nobody recognizes would be run nowhere. */
    @Test
    void everyGuideHasCommands() throws IOException {
        for (String guide : List.of("memory", "c-file", "c-library", "static-library", "allocator", "rss")) {
            Walkthrough document = walkthrough(ROOT.resolve("samples/guides/" + guide + ".md"));
            assertThat(document.steps()).as(guide).hasAtLeastOneElementOfType(Save.class)
                    .anySatisfy(step -> assertThat(step).isInstanceOfSatisfying(Run.class, run -> assertThat(run.shown()).isNotNull()));
        }
    }

    private static Walkthrough walkthrough(Path file) {
        try {
            return Walkthrough.of(INSTALL.matcher(Files.readString(file)).replaceAll(":").replace(MAKE_AGENT, ":\n"));
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalStateException(file + ": " + e.getMessage(), e);
        }
    }

    private static String commands(Walkthrough document) {
        StringBuilder commands = new StringBuilder();
        document.steps().forEach(step -> commands.append(step instanceof Run run ? run.commands() : ""));
        return commands.toString();
    }

    private static String files(Walkthrough document) {
        StringBuilder files = new StringBuilder();
        document.steps().forEach(step -> files.append(step instanceof Save save ? save.text() : ""));
        return files.toString();
    }

    private static List<String> named(Pattern pattern, String text) {
        return pattern.matcher(text).results().map((MatchResult match) -> match.group(match.groupCount())).distinct().toList();
    }

    /** Tests run in the folder of their module. */
    private static Path root() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("samples/banos")) ? here : here.getParent();
    }
}
