package dev.banos.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** An application of modules, in {@code src/test/modular}: all that the class path forgives is refused there. */
public final class ModularApplication {
    private static final Path SOURCES = Path.of("src/test/modular");

    private ModularApplication() {
    }

    /**
     * Compiles and runs it.
     *
     * @param classes where they go
     * @param libraries what the names of the jars begin with that are modules beside Banos's own
     * @return what it wrote
     */
    public static String run(Path classes, List<String> libraries, List<String> flags) throws IOException, InterruptedException {
        String modules = modulePath(libraries);
        int refused = ToolProvider.getSystemJavaCompiler().run(null, null, null, "--module-path", modules, "-d", classes.toString(),
                SOURCES.resolve("module-info.java").toString(), SOURCES.resolve("app/Main.java").toString());
        if (refused != 0) {
            throw new AssertionError("javac refuses " + SOURCES + ", as it says above");
        }
        List<String> all = new ArrayList<>(List.of("--module-path", classes + File.pathSeparator + modules, "--illegal-native-access=deny"));
        all.addAll(flags);
        all.addAll(List.of("-m", "app/app.Main"));
        return ChildProcess.run(ChildJvm.command(all)).succeeded().strip();
    }

    private static String modulePath(List<String> libraries) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(place -> isModule(Path.of(place), libraries)).collect(Collectors.joining(File.pathSeparator));
    }

    private static boolean isModule(Path place, List<String> libraries) {
        String name = place.getFileName().toString();
        return name.equals("classes") || !name.endsWith("-tests.jar")
                && Stream.concat(Stream.of("banos", "jspecify"), libraries.stream()).anyMatch(library -> name.startsWith(library + "-"));
    }
}
