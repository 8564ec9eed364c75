package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Each test starts a JVM of its own, because flags and class initialisation happen once in the life of a process. */
class NativeAccessTest {
    private static final String CLASSES = locationOf(NativeAccessError.class);
    private static final String TEST_CLASSES = Path.of("target", "test-classes").toAbsolutePath().toString();
    private static final List<String> CLASS_PATH = List.of("-cp", CLASSES + ":" + TEST_CLASSES);
    private static final List<String> MODULE_PATH = List.of("--module-path", CLASSES,
            "--patch-module", "dev.banos.bindings=" + TEST_CLASSES);
    private static final String ENABLED_BY_MODULE = "--enable-native-access=dev.banos.bindings";
    private static final String ENABLED_FOR_ALL = "--enable-native-access=ALL-UNNAMED";
    private static final String DENIED = "--illegal-native-access=deny";

    @Test
    void onTheModulePathTheMessageNamesTheModule() throws Exception {
        assertThat(onModulePath("pid")).contains(
                "NativeAccessError: native access is not enabled for Banos: start java with " + ENABLED_BY_MODULE + "\n");
    }

    @Test
    void onTheClassPathTheMessageNamesAllUnnamed() throws Exception {
        assertThat(onClassPath("pid")).contains(
                "NativeAccessError: native access is not enabled for Banos: start java with " + ENABLED_FOR_ALL + "\n");
    }

    @Test
    void theMessageComesBeforeTheJvmsOwn() throws Exception {
        assertThat(onClassPath("pid")).doesNotContain("WARNING");
        assertThat(onModulePath("pid")).doesNotContain("WARNING");
    }

    @Test
    void everyEntryRefusesNotOnlyTheFirst() throws Exception {
        for (String entry : List.of("pid", "everything", "dlerror", "errno", "mmap", "dlopen")) {
            assertThat(onClassPath(entry)).describedAs(entry).contains("NativeAccessError");
        }
    }

    @Test
    void withTheFlagThatTheMessageNamesItRuns() throws Exception {
        assertThat(onModulePath("pid", ENABLED_BY_MODULE, DENIED)).isEqualTo("ran\n");
        assertThat(onClassPath("pid", ENABLED_FOR_ALL, DENIED)).isEqualTo("ran\n");
    }

    @Test
    void anotherSystemIsNamedAndNothingNativeIsTried() throws Exception {
        assertThat(onModulePath("pid", "-Dos.name=Windows 11")).contains(
                "NativeAccessError: Banos runs on Linux on x86-64 or aarch64; this is Windows 11 on ");
    }

    @Test
    void anotherMachineIsNamed() throws Exception {
        assertThat(onClassPath("pid", ENABLED_FOR_ALL, "-Dos.arch=s390x")).contains("this is Linux on s390x");
    }

    /** The dynamic linker keeps its last failure until the next call of any of its functions, the JVM's own included. */
    @Test
    void theFirstFailureOfAProcessHasItsText() throws Exception {
        assertThat(onClassPath("dlopen", ENABLED_FOR_ALL, DENIED)).contains("libmissing.so");
        assertThat(onClassPath("dlsym", ENABLED_FOR_ALL, DENIED)).contains("no_such_symbol");
    }

    private static String onClassPath(String entry, String... flags) throws IOException, InterruptedException {
        return java(CLASS_PATH, flags, List.of(NativeAccessChild.class.getName(), entry));
    }

    private static String onModulePath(String entry, String... flags) throws IOException, InterruptedException {
        return java(MODULE_PATH, flags, List.of("-m", "dev.banos.bindings/" + NativeAccessChild.class.getName(), entry));
    }

    private static String java(List<String> path, String[] flags, List<String> main) throws IOException, InterruptedException {
        List<String> all = Stream.of(List.of(flags), path, main).flatMap(List::stream).toList();
        return ChildProcess.run(ChildJvm.command(all)).succeeded();
    }

    private static String locationOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
