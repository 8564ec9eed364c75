package dev.banos.fuzz.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.fuzz.mutants.CToy;
import dev.banos.testing.ChildProcess;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuotedTest {
    private static final int LETTERS = 0x3000;

    @TempDir
    Path folder;

    static Stream<String> texts() {
        StringBuilder all = new StringBuilder();
        for (char letter = 0; letter < LETTERS; letter++) {
            all.append(letter);
        }
        return Stream.of("", "plain", "a\nb", "a\\nb", "a\\\nb", "\\\\n", "\\u0022", "\\", "a\rb\u2028c\u0085d\u000be\tf", "*/ x /*", "**//",
                "'", "it's", "$(x) `x` ${x} \"x\"", "-x", "f\u00fcr \ud83d\ude00 \u202e", "\ud800", all.toString());
    }

    @ParameterizedTest
    @MethodSource("texts")
    void aFieldIsOneLineAndHoldsItsText(String text) {
        assertThat(Quoted.fromField(Quoted.field(text))).isEqualTo(text);
        assertThat(Quoted.field(text)).doesNotContain("\t").matches("(?s)\\P{Cc}*").doesNotContain("\u2028", "\u2029", "\ud800");
    }

    @ParameterizedTest
    @MethodSource("texts")
    void aLineHoldsNothingThatATerminalObeys(String text) {
        assertThat(Quoted.line(text)).matches("[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]*").hasSameSizeAs(text);
        assertThat(Quoted.lines(text).lines().count()).isEqualTo(text.replaceAll("[\r\u0085]", " ").lines().count());
    }

    @ParameterizedTest
    @MethodSource("texts")
    void aCommentDoesNotEndEarly(String text) {
        assertThat("/* " + Quoted.comment(text)).doesNotContain("*/");
    }

    /** The compiler's own reading is the judge: it has words for what ends early. */
    @ParameterizedTest
    @ValueSource(strings = {"gcc", "clang"})
    void aCommentIsOneToTheCompiler(String compiler) throws Exception {
        StringBuilder source = new StringBuilder("int first;\n");
        Stream.concat(texts(), Stream.of("*/ + /*", "*\\\n/ + /*", "*\\ \t\n/ + /*", "*??/\n/ + /*", "*\\\n\\\n/ + /*", "*\\\r\n/ + /*", "*\\\r/ + /*",
                "*\n/ + /*", "*\\", "*??/")).forEach(text -> source.append("/* ").append(Quoted.comment(text)).append(" */\n"));
        Path file = Files.writeString(folder.resolve("comments.c"), source);
        for (String option : List.of("-std=gnu17", "-trigraphs")) {
            CToy.compile(compiler, List.of(option, "-w", "-fsyntax-only", file.toString()));
        }
    }

    /** The compiler's own reading is the judge. */
    @Test
    void aLiteralIsItsTextToTheCompiler() throws Exception {
        List<String> texts = texts().toList();
        StringBuilder source = new StringBuilder("public class Literals {\n    public static final String[] ALL = {\n");
        texts.forEach(text -> source.append("        ").append(Quoted.literal(text)).append(",\n"));
        Path file = Files.writeString(folder.resolve("Literals.java"), source.append("    };\n}\n"));
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, "-proc:none", "-d", folder.toString(), file.toString()))
                .isZero();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, null)) {
            assertThat((String[]) loader.loadClass("Literals").getField("ALL").get(null)).containsExactlyElementsOf(texts);
        }
    }

    /** The shell's own reading is the judge; no program gets a NUL, and what is no letter has no bytes. */
    @Test
    void aWordIsItsTextToTheShell() throws Exception {
        assumeTrue(ChildProcess.isInstalled("sh"), "no shell on this machine");
        for (String text : texts().filter(any -> any.chars().allMatch(letter -> letter > 0 && letter < 0x80)).toList()) {
            Path script = Files.writeString(folder.resolve("script"), "printf '%s|' " + Quoted.word(text) + "\n");
            assertThat(ChildProcess.run(List.of("sh", script.toString())).succeeded()).isEqualTo(text + "|");
        }
    }
}
