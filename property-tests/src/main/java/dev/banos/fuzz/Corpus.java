package dev.banos.fuzz;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The programs that come with the fuzzer: each is the shortest that broke some allocator. */
public final class Corpus {
    private static final String INDEX = "corpus/index";

    private Corpus() {
    }

    /** {@return all of them, in the order of their names} */
    public static List<Program> programs() {
        List<Program> programs = new ArrayList<>();
        for (String name : resource(INDEX).lines().toList()) {
            programs.add(Program.parse(resource("corpus/" + name)));
        }
        return programs;
    }

    private static String resource(String name) {
        try (InputStream in = Corpus.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(name + " is not readable in this jar", unreadable);
        }
    }
}
