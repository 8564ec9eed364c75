package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.libc.pthread.DriverExports;
import dev.banos.libc.pthread.Pthread;
import dev.banos.loader.host.HostFunctions;
import dev.banos.loader.host.HostScope;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The functions of banos/thread.h, as drivers import them. */
@Timeout(60)
@RunsObjects
class ThreadFunctionsTest {
    private static final Path HEADER = Path.of("src/main/include/banos/thread.h");
    private static final String ECANCELED = "125";

    @TempDir
    Path folder;

    @Test
    void theHeaderDeclaresWhatIsExportedAndNothingElse() throws IOException {
        List<String> declared = Pattern.compile("^\\w[\\w ]*[ *](banos_\\w+)\\(.*\\);$", Pattern.MULTILINE)
                .matcher(Files.readString(HEADER)).results().map((MatchResult each) -> each.group(1)).toList();
        assertThat(declared).containsExactlyInAnyOrderElementsOf(
                DriverExports.all().stream().map(DriverExports.Export::name).toList());
    }

    @Test
    void aFunctionIsMadeWhenItsNameIsAskedForAndNotBefore() {
        try (HostScope scope = new HostScope()) {
            HostFunctions host = new HostFunctions(scope, line -> { }, name -> 0);
            assertThat(host.names()).contains("banos_pthread_self", "banos_malloc", "banos_dprintln");
            assertThat(host.find("printf")).isZero();
            assertThat(host.find("banos_no_such_function")).isZero();
            assertThat(host.made()).isEmpty();
            long self = host.find("banos_pthread_self");
            assertThat(self).isNotZero().isEqualTo(host.find("banos_pthread_self"));
            assertThat(host.made()).containsExactly("banos_pthread_self");
            assertThat(host.all().keySet()).isEqualTo(host.names()).isEqualTo(host.made());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gcc", "g++"})
    void aDriverUsesThemAll(String compiler) {
        try (Loader loader = loader()) {
            Driver driver = install(loader, compiler);
            assertThat(call(driver, "int try_all(void)")).as("the line of threads.c that does not hold").isEqualTo("0");
            assertThat(call(driver, "int find_by_name(void)")).isEqualTo("1");
            assertThat(call(driver, "long self(void)")).isEqualTo(Long.toString(Pthread.self()));
        }
    }

    @Test
    void aCancelIsReportedToTheDriverAndActsInJava() {
        List<String> answers = new CopyOnWriteArrayList<>();
        try (Loader loader = loader()) {
            Driver driver = install(loader, "gcc");
            assertThat(Pthread.call(argument -> {
                answers.add(call(driver, "int cancel_self(void)"));
                Pthread.testcancel();
                return 0;
            }, 0)).isEqualTo(Pthread.CANCELED);
            assertThat(Pthread.call(argument -> {
                answers.add(call(driver, "int leave(long)", "12"));
                Pthread.testcancel();
                return 0;
            }, 0)).isEqualTo(12);
        }
        assertThat(answers).containsExactly(ECANCELED, ECANCELED);
    }

    private static Loader loader() {
        return Loader.create(InstallPolicy.anyUser());
    }

    private Driver install(Loader loader, String compiler) {
        return loader.install(CCompiler.object(folder, "threads.c", compiler, "-O2", "-Wall", "-Wextra", "-Werror"));
    }

    private static String call(Driver driver, String prototype, String... arguments) {
        return Prototype.parse(prototype).call(driver, List.of(arguments));
    }
}
