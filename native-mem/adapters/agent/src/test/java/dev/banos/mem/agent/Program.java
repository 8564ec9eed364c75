package dev.banos.mem.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A program of {@code src/test/programs}, in a JVM of its own with the agent as it is shipped. These are sources of other
 * people's programs, so to say: they are no part of the build.
 */
final class Program {
    static final Path JAR = Path.of(System.getProperty("banos.agent.jar"));
    private static final Path SOURCES = Path.of("src/test/programs");
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    /** @param output both streams */
    record Outcome(int code, String output) {
        /** The figure of the statistics that has this name. */
        long count(String name) {
            Matcher line = Pattern.compile("^ *" + name + ": (\\d+)$", Pattern.MULTILINE).matcher(output);
            assertThat(line.find()).as("a line of %s in: %s", name, output).isTrue();
            return Long.parseLong(line.group(1));
        }

        Outcome succeeded() {
            assertThat(code).as(output).isZero();
            return this;
        }
    }

    private Program() {
    }

    /** Compiles them all, once a folder. */
    static void compile(Path folder) throws IOException, InterruptedException {
        try (Stream<Path> sources = Files.list(SOURCES)) {
            List<String> command = new ArrayList<>(List.of(JAVA.resolveSibling("javac").toString(), "-nowarn", "-d", folder.toString(),
                    "-cp", allocator()));
            sources.map(Path::toString).filter(path -> path.endsWith(".java")).sorted().forEach(command::add);
            run(command).succeeded();
        }
    }

    /** @return the folder of a module {@code program} with these in a package of that name */
    static Path compileAsModule(Path folder, String... names) throws IOException, InterruptedException {
        Path sources = Files.createDirectory(folder.resolve("sources"));
        Files.writeString(sources.resolve("module-info.java"), "module program { requires jdk.unsupported; }");
        List<String> command = new ArrayList<>(List.of(JAVA.resolveSibling("javac").toString(), "-nowarn", "-d",
                folder.resolve("module").toString(), sources.resolve("module-info.java").toString()));
        for (String name : names) {
            Path source = sources.resolve(name + ".java");
            Files.writeString(source, "package program;\n" + Files.readString(SOURCES.resolve(name + ".java")));
            command.add(source.toString());
        }
        run(command).succeeded();
        return folder.resolve("module");
    }

    static Outcome run(Path folder, String options, String main, String... arguments) throws IOException, InterruptedException {
        return run(folder, options, List.of(), main, arguments);
    }

    static Outcome run(Path folder, String options, List<String> flags, String main, String... arguments)
            throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(flags);
        all.addAll(List.of("-cp", folder.toString(), main));
        all.addAll(List.of(arguments));
        return java(options, all);
    }

    /** @param options null for no agent */
    static Outcome java(String options, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(JAVA.toString(), "-XX:+UseSerialGC"));
        if (options != null) {
            command.add("-javaagent:" + JAR + (options.isEmpty() ? "" : "=" + options));
        }
        command.addAll(arguments);
        return run(command);
    }

    private static Outcome run(List<String> command) throws IOException, InterruptedException {
        ChildProcess child = ChildProcess.run(command);
        return new Outcome(child.status(), child.output());
    }

    static String printRecording(Path recording) throws IOException, InterruptedException {
        return run(List.of(JAVA.resolveSibling("jfr").toString(), "print", "--events", "dev.banos.mem.*", recording.toString()))
                .succeeded().output();
    }

    /** The folders or jars that the allocator is in, as a class path. */
    static String allocator() {
        return place("dev.banos.mem") + ":" + place("dev.banos.bindings");
    }

    private static Path place(String module) {
        return Path.of(ModuleLayer.boot().configuration().findModule(module).orElseThrow().reference().location().orElseThrow());
    }
}
