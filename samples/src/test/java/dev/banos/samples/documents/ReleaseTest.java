package dev.banos.samples.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The parts of a release that name each other. */
class ReleaseTest {
    private static final Pattern MODULE = Pattern.compile("<module>([\\w/.-]+)</module>");
    private static final Pattern ARTIFACT = Pattern.compile("<artifactId>(banos-[\\w-]+)</artifactId>");
    private static final Pattern VERSION = Pattern.compile("<version>([\\w.-]+)</version>");
    private static final Pattern DOCUMENTED = Pattern.compile("<banos.documented>([\\w.,]+)</banos.documented>");
    private static final Pattern EXPORTS = Pattern.compile("^ +exports ([\\w.]+)", Pattern.MULTILINE);
    /** Jextract's output, in which nobody writes comments. */
    private static final String GENERATED = "dev.banos.bindings.generated";
    /** What no user depends on. */
    private static final Set<String> NO_DEPENDENCIES = Set.of("banos-testing", "banos-samples", "banos-benchmarks");

    @Test
    void theBillOfMaterialsListsEachModule() throws IOException {
        String bom = pom("native-mem/bom");
        Set<String> listed = new TreeSet<>(ARTIFACT.matcher(bom.substring(bom.indexOf("<dependencyManagement>"))).results()
                .map(match -> match.group(1)).toList());
        Set<String> built = new TreeSet<>();
        for (String module : MODULE.matcher(pom("")).results().map(match -> match.group(1)).toList()) {
            if (!Files.isDirectory(DocumentsTest.ROOT.resolve(module).resolve("src/main/java"))) {
                continue; // tests only, or this very file
            }
            built.add(first(ARTIFACT, pom(module).replaceFirst("(?s)<parent>.*?</parent>", "")));
        }
        built.removeAll(NO_DEPENDENCIES);
        assertThat(listed).as("what native-mem/bom/pom.xml lists").isEqualTo(built).contains("banos-native-mem");
    }

    @Test
    void allHaveOneVersion() throws IOException {
        String version = first(VERSION, pom(""));
        assertThat(first(VERSION, pom("native-mem/bom"))).isEqualTo(version);
        for (String document : List.of("README.md", "samples/guides/memory.md", "native-mem/adapters/netty/README.md")) {
            assertThat(Files.readString(DocumentsTest.ROOT.resolve(document))).as(document).contains("<version>" + version + "</version>");
        }
    }

    /** A comment is asked for where others can call: the compiler looks at these packages. */
    @Test
    void eachExportedPackageIsLookedAtForComments() throws IOException {
        int modules = 0;
        for (String module : MODULE.matcher(pom("")).results().map(match -> match.group(1)).toList()) {
            Path descriptor = DocumentsTest.ROOT.resolve(module).resolve("src/main/java/module-info.java");
            if (!Files.exists(descriptor) || module.startsWith("samples")) {
                continue;
            }
            modules++;
            Set<String> exported = new TreeSet<>(EXPORTS.matcher(Files.readString(descriptor)).results().map(match -> match.group(1)).toList());
            exported.remove(GENERATED);
            assertThat(Set.of(first(DOCUMENTED, pom(module)).split(","))).as("banos.documented of " + module).isEqualTo(exported);
        }
        assertThat(modules).as("modules with a descriptor").isGreaterThan(8);
    }

    private static String pom(String module) throws IOException {
        return Files.readString(Path.of(DocumentsTest.ROOT.toString(), module, "pom.xml"));
    }

    private static String first(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(match -> match.group(1)).findFirst().orElseThrow();
    }
}
