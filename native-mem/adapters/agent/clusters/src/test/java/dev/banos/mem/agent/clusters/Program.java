package dev.banos.mem.agent.clusters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A program of {@code src/test/programs} with Spark and Flink on its class path, in a JVM of its own. */
final class Program {
    static final Path JAR = Path.of(System.getProperty("banos.agent.jar")).normalize();
    private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

    private final String classPath;
    private final String name;

    private Program(String classPath, String name) {
        this.classPath = classPath;
        this.name = name;
    }

    static Program compile(Path folder, String name) throws IOException, InterruptedException {
        run(Map.of(), List.of(java("javac"), "-proc:none", "-nowarn", "-d", folder.toString(), "-cp", classPath(),
                "src/test/programs/" + name + ".java"));
        return new Program(folder + File.pathSeparator + classPath(), name);
    }

    /** The same program with more jars, behind all others. */
    Program with(String jars) {
        return new Program(classPath + File.pathSeparator + jars, name);
    }

    /** @return what it printed to either stream */
    String run(Map<String, String> environment, List<String> flags, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(java("java")));
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, name));
        command.addAll(arguments);
        return run(environment, command);
    }

    private static String run(Map<String, String> environment, List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("JAVA_HOME", JAVA_HOME.toString());
        builder.environment().putAll(environment);
        return ChildProcess.run(builder).succeeded();
    }

    private static String java(String tool) {
        return JAVA_HOME.resolve("bin").resolve(tool).toString();
    }

    /** Surefire's own property, where the real one names a jar that refers to all others. */
    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Links to all jars of the class path, as an installation has them in one folder. */
    static void linkJars(Path folder) throws IOException {
        for (String jar : classPath().split(File.pathSeparator)) {
            if (jar.endsWith(".jar") && !Path.of(jar).normalize().equals(JAR)) {
                Path link = folder.resolve(Path.of(jar).getFileName());
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, Path.of(jar));
            }
        }
    }

    /** The figure of the agent's statistics that has this name. */
    static long count(String statistics, String name) {
        Matcher line = Pattern.compile("^ *" + name + ": (\\d+)$", Pattern.MULTILINE).matcher(statistics);
        assertThat(line.find()).as("a line of %s in: %s", name, statistics).isTrue();
        return Long.parseLong(line.group(1));
    }

    /** How many blocks are live, as the allocator itself says beside what the agent counted. */
    static long liveBlocks(String statistics) {
        Matcher line = Pattern.compile("^malloc: ([\\d,]+) blocks", Pattern.MULTILINE).matcher(statistics);
        assertThat(line.find()).as(statistics).isTrue();
        return Long.parseLong(line.group(1).replace(",", ""));
    }

    static List<String> contents(Path folder) throws IOException {
        List<String> texts = new ArrayList<>();
        for (File file : Arrays.asList(folder.toFile().listFiles())) {
            texts.add(Files.readString(file.toPath()));
        }
        return texts;
    }
}
