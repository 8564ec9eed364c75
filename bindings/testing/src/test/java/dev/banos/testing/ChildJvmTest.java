package dev.banos.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildJvmTest {
    private static final String NAME = Child.class.getName();
    private static final String FILE = NAME.replace('.', '/') + ".class";
    private static final String AS_NO_URL_HAS_IT = "a b%20c#d";

    @TempDir
    Path folder;

    static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            assertThat(arguments).isNotEmpty();
            System.out.println(System.getProperty("flag") + " " + String.join(" ", arguments));
        }
    }

    @Test
    void hasTheClassesOfTheTestAndOfItsLibraries() throws Exception {
        assertThat(ChildJvm.run(List.of("-Dflag=set"), Child.class, "one", "two").succeeded()).isEqualTo("set one two\n");
    }

    @Test
    void itsFolderMayHaveAnyName() throws Exception {
        Path place = folder.resolve(AS_NO_URL_HAS_IT);
        Path file = place.resolve(FILE);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes());
        assertThatItIsFoundAt(place);
    }

    @Test
    void itsArchiveMayHaveAnyName() throws Exception {
        Path place = folder.resolve(AS_NO_URL_HAS_IT + "!.jar");
        try (JarOutputStream archive = new JarOutputStream(Files.newOutputStream(place))) {
            archive.putNextEntry(new JarEntry(FILE));
            archive.write(bytes());
        }
        assertThatItIsFoundAt(place);
    }

    private static byte[] bytes() throws IOException {
        try (InputStream file = Child.class.getResourceAsStream("/" + FILE)) {
            return file.readAllBytes();
        }
    }

    private static void assertThatItIsFoundAt(Path place) throws Exception {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {place.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            assertThat(ChildJvm.classPath(loader.loadClass(NAME)).split(File.pathSeparator)).contains(place.toString());
        }
    }

    @Test
    void isRunByWhatStandsBeforeIt() throws Exception {
        List<String> inAnEnvironment = List.of("env", "JAVA_TOOL_OPTIONS=-Dflag=ofTheEnvironment");
        assertThat(ChildJvm.run(inAnEnvironment, List.of(), Child.class, "one").succeeded()).endsWith("ofTheEnvironment one\n");
    }
}
