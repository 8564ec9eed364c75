package dev.banos.samples;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command in a JVM of its own, with the classes of this build and of its tests. */
public final class OwnJvm {
    private OwnJvm() {
    }

    /**
     * @param options for the JVM, which stand before the class path
     * @return the words that run the command, to which its arguments may be added
     */
    public static List<String> banos(List<String> options, Path... moreClasses) {
        List<String> words = new ArrayList<>();
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.add("--enable-native-access=ALL-UNNAMED");
        words.addAll(options);
        words.addAll(List.of("-cp", classPath(moreClasses), Banos.class.getName()));
        return words;
    }

    public static String classPath(Path... more) {
        Stream<String> ofTests = Stream.of(System.getProperty("jdk.module.path", ""), System.getProperty("java.class.path"));
        Stream<Path> ofBuild = Stream.of(Path.of("target", "classes"), Path.of("target", "test-classes"));
        return Stream.concat(ofTests, Stream.concat(ofBuild, Stream.of(more)).map(path -> path.toAbsolutePath().toString()))
                .filter(place -> !place.isEmpty()).collect(Collectors.joining(File.pathSeparator));
    }
}
