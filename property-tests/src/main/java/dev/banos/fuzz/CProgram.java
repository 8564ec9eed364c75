package dev.banos.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A finding as a C program that shows it without Java: a fixed part that checks the laws, and the steps. */
final class CProgram {
    private static final String FIXED = "reproduce.c";
    private static final String LIBRARY = ".so";

    private final Finding finding;
    private final StringBuilder text = new StringBuilder();

    private CProgram(Finding finding) {
        this.finding = finding;
    }

    /** Whether the target's functions can be called from C by name. */
    static boolean isPossible(Finding finding) {
        return finding.target().equals("glibc") || finding.target().contains(LIBRARY);
    }

    static String of(Finding finding) {
        return new CProgram(finding).write();
    }

    private String write() {
        Program program = finding.program();
        text.append("/* ").append(finding.target()).append(" breaks a law: ").append(finding.violation().law().sentence())
                .append(".\n   ").append(finding.violation().details().replace("*/", "* /").replace("\n", "\n   "))
                .append("\n   cc -g THIS.c ").append(library()).append(" -lpthread && ./a.out\n   seed ").append(finding.seed())
                .append(", try ").append(finding.tryNumber()).append(" */\n");
        text.append("#include <stddef.h>\n");
        declare();
        text.append("#define BLOCKS ").append(Math.max(1, program.slots())).append("\n\n").append(fixed()).append('\n');
        writeSteps(program);
        writeMain(program);
        return text.toString();
    }

    private String library() {
        int prefixAt = finding.target().lastIndexOf(':');
        return finding.target().equals("glibc") ? ""
                : prefixAt < 0 ? finding.target() : finding.target().substring(0, prefixAt);
    }

    private String prefix() {
        int prefixAt = finding.target().lastIndexOf(':');
        return prefixAt < 0 ? "" : finding.target().substring(prefixAt + 1);
    }

    private void declare() {
        Map<String, String> functions = new java.util.TreeMap<>(Map.of(
                "MALLOC", "void *%smalloc(size_t);",
                "CALLOC", "void *%scalloc(size_t, size_t);",
                "REALLOC", "void *%srealloc(void *, size_t);",
                "POSIX_MEMALIGN", "int %sposix_memalign(void **, size_t, size_t);",
                "FREE", "void %sfree(void *);",
                "MALLOC_USABLE_SIZE", "size_t %smalloc_usable_size(void *) __attribute__((weak));"));
        functions.forEach((macro, declaration) -> {
            text.append(String.format(declaration, prefix())).append('\n');
            text.append("#define ").append(macro).append(' ').append(prefix())
                    .append(macro.toLowerCase(java.util.Locale.ROOT)).append('\n');
        });
        text.append("#define USABLE_SIZE(block, bytes) (MALLOC_USABLE_SIZE ? MALLOC_USABLE_SIZE(block) : (bytes))\n");
    }

    private static String fixed() {
        try (InputStream in = CProgram.class.getResourceAsStream(FIXED)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(FIXED + " is not readable in this jar", unreadable);
        }
    }

    private void writeSteps(Program program) {
        text.append("static void step(int i)\n{\n    switch (i) {\n");
        for (int i = 0; i < program.length(); i++) {
            text.append("    case ").append(i).append(": ").append(call(program, i)).append(" break;\n");
        }
        text.append("    }\n}\n\n");
    }

    private static String call(Program program, int i) {
        String block = "(" + program.slot(i);
        String size = Long.toUnsignedString(program.size(i)) + "u";
        String factor = (1L << program.log2(i)) + "u";
        return switch (program.kind(i)) {
            case Program.MALLOC -> "do_malloc" + block + ", " + size + ");";
            case Program.CALLOC -> "do_calloc" + block + ", " + factor + ", " + size + ");";
            case Program.REALLOC -> "do_realloc" + block + ", " + size + ");";
            case Program.ALIGNED -> "do_aligned" + block + ", " + factor + ", " + size + ");";
            case Program.CHECK -> "check" + block + ");";
            case Program.FREE, Program.FREE_TWICE -> "do_free" + block + ");";
            default -> "";
        };
    }

    private void writeMain(Program program) {
        boolean repeated = finding.mode().equals(Runner.Mode.REPEATED.name());
        text.append("int main(void)\n{\n    long before = 0;\n    sem_init(&done, 0, 0);\n");
        text.append("    for (int round = 0; round < ").append(repeated ? 4000 : 1).append("; round++) {\n");
        text.append("        if (round == 400)\n            before = resident_pages();\n");
        for (int i = 0; i < program.length(); i++) {
            text.append(program.kind(i) == Program.EXIT ? "        leave(" + program.thread(i) + ");\n"
                    : "        on(" + program.thread(i) + ", " + i + ");\n");
        }
        text.append("        for (int number = 1; number < 8; number++)\n            leave(number);\n");
        text.append("        for (int block = 0; block < BLOCKS; block++)\n            do_free(block);\n    }\n");
        text.append("    printf(\"no law broke; resident pages grew by %ld\\n\", before ? resident_pages() - before : 0);\n");
        text.append("    return 0;\n}\n");
    }
}
