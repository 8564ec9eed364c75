package dev.banos.benchmarks;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Fifteen kinds of content as a JDK and a Debian system hold them: the files of a kind, in the order of their paths, up to
 * {@value #BYTES} bytes. Where a system has none the kind cannot be measured, which is an exception that JMH reports and
 * passes over.
 */
enum Specimen {
    CLASSES(".class", "jrt:/java.base/java/util", "jrt:/java.base/java/lang"),
    XML(".xml", "/usr/share/xml", "/usr/share/mime"),
    HTML(".html", "/usr/share/doc", "/usr/share/javadoc"),
    FONT(".ttf", "/usr/share/fonts"),
    PIXELS(".png", "/usr/share/doc", "/usr/share/icons") {
        @Override
        byte[] content(Path file) throws IOException {
            return pixels(ImageIO.read(file.toFile()));
        }
    },
    LIBRARY(".so", "lib/server"),
    OBJECT(".o", "/usr/lib/gcc", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"),
    LOG(".log", "/var/log/dpkg.log", "/var/log/installer"),
    PDF(".pdf", "/usr/share/doc"),
    JSON(".json", "/usr/share"),
    JAVASCRIPT(".js", "/usr/share/javascript", "/usr/lib/node_modules"),
    C(".h", "/usr/include/linux", "/usr/include"),
    PYTHON(".py", "/usr/lib/python3", "/usr/share"),
    PROSE(".md", "legal"),
    /** Records of allocations: made up, because nothing that everybody has is alike. */
    TRACE("") {
        @Override
        byte[] read() {
            return trace(new Random(1));
        }
    };

    static final int BYTES = 1 << 20;
    private static final int ENOUGH = 1 << 16;

    private final String suffix;
    private final List<String> roots;

    Specimen(String suffix, String... roots) {
        this.suffix = suffix;
        this.roots = List.of(roots);
    }

    /** The bytes of a kind, or of the file at a path that starts at the JDK unless it is absolute. */
    static byte[] read(String kindOrPath) throws IOException {
        for (Specimen kind : values()) {
            if (kind.name().equals(kindOrPath)) {
                return kind.read();
            }
        }
        try (InputStream in = Files.newInputStream(path(kindOrPath))) {
            return in.readNBytes(BYTES);
        }
    }

    private static Path path(String name) {
        return name.startsWith("jrt:")
                ? FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules", name.substring("jrt:".length()))
                : Path.of(System.getProperty("java.home")).resolve(name);
    }

    byte[] read() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String root : roots) {
            for (Path file : files(path(root))) {
                if (bytes.size() < BYTES) {
                    bytes.writeBytes(content(file));
                }
            }
        }
        if (bytes.size() < ENOUGH) {
            throw new IOException("kind=" + this + ": this system has too few files *" + suffix + " in " + roots
                    + "; name one with -p file=PATH");
        }
        return Arrays.copyOf(bytes.toByteArray(), Math.min(bytes.size(), BYTES));
    }

    private List<Path> files(Path root) throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(suffix) && Files.isRegularFile(file) && Files.isReadable(file))
                    .sorted().toList();
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        }
    }

    byte[] content(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(BYTES);
        }
    }

    private static byte[] pixels(BufferedImage image) {
        int[] colours = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        byte[] bytes = new byte[3 * colours.length];
        for (int i = 0; i < colours.length; i++) {
            bytes[3 * i] = (byte) (colours[i] >> 16);
            bytes[3 * i + 1] = (byte) (colours[i] >> 8);
            bytes[3 * i + 2] = (byte) colours[i];
        }
        return bytes;
    }

    /** Eight bytes a call: what it is, the thread, the size, and the number of the block, most of them young ones. */
    private static byte[] trace(Random random) {
        byte[] bytes = new byte[BYTES];
        List<Integer> live = new ArrayList<>();
        for (int at = 0, block = 0; at < BYTES; at += 8) {
            boolean free = live.size() > 50 && random.nextInt(100) < 50;
            int young = (int) Math.abs(random.nextGaussian() * 12);
            int size = free ? 0 : 16 * (1 + (int) Math.abs(random.nextGaussian() * 6));
            int number = free ? live.remove(Math.max(0, live.size() - 1 - young)) : block++;
            if (!free) {
                live.add(number);
            }
            bytes[at] = (byte) (free ? 2 : 1);
            bytes[at + 1] = (byte) random.nextInt(2);
            bytes[at + 2] = (byte) size;
            bytes[at + 3] = (byte) (size >> 8);
            bytes[at + 4] = (byte) number;
            bytes[at + 5] = (byte) (number >> 8);
            bytes[at + 6] = (byte) (number >> 16);
        }
        return bytes;
    }
}
