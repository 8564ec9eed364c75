package dev.banos.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The objects that are kept beside their sources do what the sources do, by whatever compiler and with whatever flags. */
class DriversTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {
        "gcc -O2", "gcc -O0 -g", "gcc -O2 -fPIC", "gcc -O2 -fno-pic", "gcc -O3 -Wall -Wextra -Werror",
        "clang -O2", "clang -O0 -g", "clang -O2 -fPIC", "clang -O2 -fno-pic", "clang -O3 -Wall -Wextra -Werror"})
    void rebuiltDriversDoWhatTheKeptOnesDo(String compiler) throws Exception {
        assumeTrue(ChildProcess.isInstalled(compiler.split(" ")[0]), compiler.split(" ")[0] + " is not installed");
        for (String driver : List.of("hello", "ring", "stats")) {
            compile(compiler, driver);
        }
        assertThat(tour(folder)).isEqualTo(tour(Path.of("drivers/x86-64")));
    }

    private void compile(String compiler, String driver) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(compiler.split(" ")));
        command.addAll(List.of("-I../loader/src/main/include", "-c", "drivers/" + driver + ".c",
                "-o", folder.resolve(driver + ".o").toString()));
        assertThat(ChildProcess.run(command).succeeded()).isEmpty();
    }

    private static Run tour(Path drivers) {
        List<String> line = new ArrayList<>(List.of("install", "--any-user"));
        Stream.of("hello.o", "ring.o", "stats.o").forEach(name -> line.add(drivers.resolve(name).toString()));
        Stream.of("int hello(const char *)", "reader", "int hello_count(void)",
                "int ring_put(long)", "40", "int ring_put(long)", "-2", "int ring_put(long)", "4",
                "double stats_mean(void)", "long stats_max(void)", "long ring_take(void)", "int ring_resize(size_t)", "2",
                "int ring_resize(size_t)", "1", "long ring_at(size_t)", "1", "int ring_put(long)", "9", "size_t ring_size(void)")
                .forEach(word -> {
                    if (word.endsWith(")")) {
                        line.add("--call");
                    }
                    line.add(word);
                });
        Run run = Run.of(line.toArray(String[]::new));
        assertThat(run.status()).as(run.err()).isZero();
        return run;
    }
}
