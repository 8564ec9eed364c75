package dev.banos.samples.tidy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The files of this checkout, as the rules read them: no build output, no generated code, no other checkout's files. */
final class Checkout {
    /** In the order of the design: a module sees only what stands before it. */
    static final List<String> MODULES = List.of("bindings", "native-mem", "libc", "loader", "property-tests", "samples");

    private static final Set<String> SKIPPED_FOLDERS = Set.of(".git", "target", "generated", ".idea", ".vscode");
    private static final Set<String> TEXT = Set.of("java", "md", "xml", "c", "h", "cc", "cpp", "args", "sh", "s", "py", "html", "yml");

    private Checkout() {
    }

    /** Tests run in the folder of their module; the checkout is the one above that holds the command. */
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("samples/banos"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("no checkout of Banos above " + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }

    static List<TextFile> texts() {
        return read(path -> TEXT.contains(extension(path)) || isScript(path));
    }

    static List<TextFile> javaSources() {
        return read(path -> extension(path).equals("java"));
    }

    static List<TextFile> documents() {
        return read(path -> extension(path).equals("md"));
    }

    /** Those that this build has compiled: nothing depends on them, so a build of a part leaves them out. */
    static List<String> adapters() {
        String folder = "native-mem/adapters";
        try (Stream<Path> entries = Files.list(root().resolve(folder))) {
            return entries.filter(entry -> Files.isDirectory(entry.resolve("target/classes")))
                    .map(entry -> folder + "/" + entry.getFileName()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The main classes of one module, without what jextract generated. */
    static List<ClassModel> classes(String module) {
        return below(root().resolve(module).resolve("target/classes")).stream()
                .filter(path -> extension(path).equals("class"))
                .filter(path -> !path.endsWith("module-info.class"))
                .map(Checkout::parse)
                .toList();
    }

    static ClassModel parse(Path classFile) {
        try {
            return ClassFile.of().parse(classFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<TextFile> read(Predicate<Path> wanted) {
        return below(root()).stream().filter(wanted).map(TextFile::of).toList();
    }

    private static List<Path> below(Path folder) {
        List<Path> found = new ArrayList<>();
        collect(folder, found);
        return found;
    }

    private static void collect(Path folder, List<Path> found) {
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path entry : entries.sorted().toList()) {
                if (!Files.isDirectory(entry)) {
                    found.add(entry);
                } else if (!SKIPPED_FOLDERS.contains(entry.getFileName().toString())) {
                    collect(entry, found);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String extension(Path path) {
        String name = path.getFileName().toString();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static boolean isScript(Path path) {
        return Files.isExecutable(path) && !path.getFileName().toString().contains(".");
    }
}
