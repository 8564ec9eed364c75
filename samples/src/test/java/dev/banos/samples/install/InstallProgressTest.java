package dev.banos.samples.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.InstallPolicy;
import dev.banos.loader.Loader;
import dev.banos.samples.OwnJvm;
import dev.banos.testing.ChildProcess;
import dev.banos.testing.OnX8664;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bar of an installation: it grows to its end and goes, nothing is printed into it, and only a terminal has one. */
@OnX8664
class InstallProgressTest {
    private static final Path HELLO = Path.of("drivers/x86-64/hello.o");
    private static final String CLEARED = "\r\u001B[K";
    private static final String UNCUT = "\u001B[?7h";
    private static final int MANY = 40;

    @TempDir
    Path folder;
    private final List<Path> files = new ArrayList<>();

    @BeforeEach
    void copy() throws IOException {
        for (int i = 0; i < MANY; i++) {
            files.add(Files.copy(HELLO, folder.resolve(i + ".o")));
        }
    }

    @Test
    void itGrowsToItsEndAndGoes() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (InstallProgress progress = InstallProgress.shown(files, new PrintStream(err));
                Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { }).withListener(progress)) {
            loader.install(files);
        }
        String said = err.toString(StandardCharsets.UTF_8);
        List<Integer> percents = percents(said);
        assertThat(percents).isSorted().doesNotHaveDuplicates().endsWith(100).hasSizeGreaterThan(60);
        assertThat(said).endsWith("100% installing" + UNCUT + CLEARED);
    }

    private static List<Integer> percents(String said) {
        List<Integer> percents = new ArrayList<>();
        Matcher matcher = Pattern.compile("([0-9]+)% installing").matcher(said);
        while (matcher.find()) {
            percents.add(Integer.parseInt(matcher.group(1)));
        }
        return percents;
    }

    @Test
    void onATerminalDriversPrintOnLinesOfTheirOwn() throws Exception {
        String said = run(true, files);
        assertThat(percents(said)).contains(100);
        int first = said.indexOf("hello: installed");
        assertThat(said.substring(0, first)).endsWith(CLEARED);
        assertThat(Collections.max(percents(said.substring(0, first)))).isLessThan(50);
        String lines = said.replaceAll("\r\u001B\\[\\?7l\\[[# ]*\\] [0-9]+% installing\u001B\\[\\?7h", "").replace(CLEARED, "").replace("\r\n", "\n");
        assertThat(lines).isEqualTo("hello: installed\n".repeat(MANY) + "hello: uninstalled\n".repeat(MANY));
    }

    @Test
    void aFailureStandsAlone() throws Exception {
        List<Path> some = new ArrayList<>(files);
        some.add(Files.writeString(folder.resolve("bad.o"), "no object"));
        assertThat(run(true, some)).contains("% installing" + UNCUT + CLEARED + "banos install: " + some.getLast() + ": ");
    }

    @Test
    void elsewhereThereIsNone() throws Exception {
        assertThat(run(true, files.subList(0, 2))).as("soon over").doesNotContain("%");
        assertThat(run(false, files)).as("no terminal").doesNotContain("%").contains("hello: uninstalled");
    }

    private String run(boolean terminal, List<Path> installed) throws Exception {
        Path script = Path.of("/usr/bin/script");
        assumeTrue(!terminal || Files.isExecutable(script), "skipped: script is not installed");
        List<String> command = OwnJvm.banos(List.of());
        command.addAll(List.of("install", "--any-user"));
        installed.forEach(file -> command.add(file.toString()));
        if (terminal) { // runs it at a pseudo-terminal, and repeats what it says there
            String all = command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
            command.clear();
            command.addAll(List.of(script.toString(), "-qec", all, "/dev/null"));
        }
        return ChildProcess.run(command).output();
    }
}
