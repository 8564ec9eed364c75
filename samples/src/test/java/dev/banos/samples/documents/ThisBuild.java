package dev.banos.samples.documents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A local Maven repository with what {@code mvn install} would put there, and all else that is in the user's. */
final class ThisBuild {
    private static final String VERSION = "0.1.0-SNAPSHOT";

    private ThisBuild() {
    }

    /** @param poms of the modules, the parent's among them */
    static void installInto(Path repository, Path usersOwn, List<Path> poms) throws IOException {
        linkAllBut("dev", usersOwn, repository);
        linkAllBut("banos", usersOwn.resolve("dev"), repository.resolve("dev"));
        for (Path pom : poms) {
            install(pom, repository.resolve("dev/banos"));
        }
    }

    /** Takes the links out again, since who deletes a folder of JUnit's with links that lead out of it is warned of each. */
    static void unlinkFrom(Path repository) throws IOException {
        for (Path folder : List.of(repository, repository.resolve("dev"))) {
            try (Stream<Path> entries = Files.list(folder)) {
                for (Path link : entries.filter(Files::isSymbolicLink).toList()) {
                    Files.delete(link);
                }
            }
        }
    }

    private static void linkAllBut(String own, Path from, Path to) throws IOException {
        Files.createDirectories(to.resolve(own));
        if (!Files.isDirectory(from)) {
            return;
        }
        try (Stream<Path> entries = Files.list(from)) {
            for (Path entry : entries.filter(Files::isDirectory).toList()) {
                if (!entry.getFileName().toString().equals(own)) {
                    Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
                }
            }
        }
    }

    private static void install(Path pom, Path group) throws IOException {
        String artifact = Files.readString(pom).replaceFirst("(?s)<parent>.*?</parent>", "")
                .replaceFirst("(?s).*?<artifactId>([\\w-]+)</artifactId>.*", "$1");
        Path folder = Files.createDirectories(group.resolve(artifact).resolve(VERSION));
        Files.copy(pom, folder.resolve(artifact + "-" + VERSION + ".pom"));
        Path classes = pom.resolveSibling("target/classes");
        if (Files.isDirectory(classes)) {
            jar(classes, folder.resolve(artifact + "-" + VERSION + ".jar"));
        }
    }

    private static void jar(Path classes, Path file) throws IOException {
        try (ZipOutputStream jar = new ZipOutputStream(Files.newOutputStream(file)); Stream<Path> files = Files.walk(classes)) {
            files.filter(Files::isRegularFile).forEach(path -> add(jar, classes.relativize(path).toString(), path));
        }
    }

    private static void add(ZipOutputStream jar, String name, Path file) {
        try {
            jar.putNextEntry(new ZipEntry(name));
            Files.copy(file, jar);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
