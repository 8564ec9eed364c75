package dev.banos.testing;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A JVM of its own, for what a test must not do to the one that it runs in. It has all of the test's classes on its class
 * path, and they may call native code.
 */
public final class ChildJvm {
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    private ChildJvm() {
    }

    /**
     * @param before what stands before {@code java}: a command that runs the one given as its arguments; or nothing
     * @param main a class of the calling module
     */
    public static ChildProcess run(List<String> before, List<String> flags, Class<?> main, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(before);
        command.addAll(command(flags, main, arguments));
        return ChildProcess.run(command);
    }

    public static ChildProcess run(List<String> flags, Class<?> main, String... arguments) throws IOException, InterruptedException {
        return run(List.of(), flags, main, arguments);
    }

    /** The words of the command, for what else a process needs. More may be added to them. */
    public static List<String> command(List<String> flags, Class<?> main, String... arguments) {
        List<String> words = new ArrayList<>(List.of(NATIVE_ACCESS));
        words.addAll(flags);
        words.addAll(List.of("-cp", classPath(main), main.getName()));
        words.addAll(List.of(arguments));
        return command(words);
    }

    /** The words for a JVM that is given no more than these. */
    public static List<String> command(List<String> words) {
        List<String> command = new ArrayList<>(List.of(JAVA.toString()));
        command.addAll(words);
        return command;
    }

    /**
     * Where the classes of a test are, its modules' among them.
     *
     * @param test one of them: Surefire patches the tests into the module, so only a class's own file says where it is
     */
    public static String classPath(Class<?> test) {
        return Stream.of(place(test), System.getProperty("jdk.module.path", ""), System.getProperty("java.class.path"))
                .filter(places -> !places.isEmpty()).collect(Collectors.joining(File.pathSeparator));
    }

    private static String place(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        String url = type.getResource("/" + file).toString();
        String place = url.startsWith("jar:") ? url.substring("jar:".length(), url.lastIndexOf('!'))
                : url.substring(0, url.length() - file.length());
        return Path.of(URI.create(place)).toString();
    }
}
