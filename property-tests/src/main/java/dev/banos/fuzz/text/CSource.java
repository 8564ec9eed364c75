package dev.banos.fuzz.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The C sources that hold an allocator to the laws without Java: {@code laws.c} between a head and a main function. */
public final class CSource {
    private static final Map<String, String> FUNCTIONS = new TreeMap<>(Map.of(
            "MALLOC", "void *%smalloc(size_t);",
            "CALLOC", "void *%scalloc(size_t, size_t);",
            "REALLOC", "void *%srealloc(void *, size_t);",
            "POSIX_MEMALIGN", "int %sposix_memalign(void **, size_t, size_t)%s;",
            "FREE", "void %sfree(void *);",
            "MALLOC_USABLE_SIZE", "size_t %smalloc_usable_size(void *)%s;"));

    private CSource() {
    }

    /**
     * What {@code laws.c} asks for: the functions of these names, and how much to make room for.
     *
     * @param whole whether the allocator has every function, so that a static link must find them
     */
    public static String head(String prefix, boolean whole, int blocks, int steps) {
        String absence = whole ? "" : " __attribute__((weak))";
        StringBuilder text = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n");
        FUNCTIONS.forEach((macro, declaration) -> text.append(String.format(declaration, prefix, absence)).append('\n')
                .append("#define ").append(macro).append(' ').append(prefix).append(macro.toLowerCase(Locale.ROOT)).append('\n'));
        return text.append("#define MOST_BLOCKS ").append(blocks).append("\n#define MOST_STEPS ").append(steps).append("\n\n").toString();
    }

    public static String laws() {
        return resource("laws.c");
    }

    /** For a report: runs the array {@code program} as MODE and ROUNDS say. */
    public static String mainOfReport() {
        return resource("report-main.c");
    }

    /** For a child process: takes commands from its parent. */
    public static String mainOfRunner() {
        return resource("runner-main.c");
    }

    private static String resource(String name) {
        try (InputStream in = CSource.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(name + " is not readable in this jar", unreadable);
        }
    }
}
