package dev.banos.samples;

import dev.banos.testing.ChildJvm;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command in a JVM of its own, with the classes of this build and of its tests. */
public final class OwnJvm {
    private OwnJvm() {
    }

    /**
     * @param options for the JVM, which stand before the class path
     * @return the words that run the command, to which its arguments may be added
     */
    public static List<String> banos(List<String> options, Path... moreClasses) {
        List<String> words = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED"));
        words.addAll(options);
        words.addAll(List.of("-cp", classPath(moreClasses), Banos.class.getName()));
        return ChildJvm.command(words);
    }

    public static String classPath(Path... more) {
        List<String> places = new ArrayList<>(List.of(ChildJvm.classPath(OwnJvm.class)));
        List.of(more).forEach(place -> places.add(place.toString()));
        return String.join(File.pathSeparator, places);
    }
}
