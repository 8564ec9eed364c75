package dev.banos.loader;

import dev.banos.bindings.FileTrouble;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Reads whole files, once: what is checked is what is linked. */
final class FileBytes {
    private static final long LARGEST_FILE = Integer.MAX_VALUE - 8; // of a Java array

    private FileBytes() {
    }

    /** @throws Refusal if there is no such file, it has no end, as a device may have none, or it cannot be read */
    static byte[] read(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory() || attributes.isOther()) {
                throw new Refusal(Refusal.EINVAL, path.toString(), null, -1,
                        attributes.isDirectory() ? "a directory" : "a device or pipe, not a file", null);
            }
            if (attributes.size() > LARGEST_FILE) {
                throw Refusal.unsupported(path.toString(), null, -1, "the file has more than 2 GiB", null);
            }
            return Files.readAllBytes(path);
        } catch (NoSuchFileException missing) {
            throw new Refusal(Refusal.ENOENT, path.toString(), null, -1, "no such file", null);
        } catch (IOException failed) {
            throw new Refusal(Refusal.EIO, path.toString(), null, -1, "cannot be read: " + FileTrouble.cause(failed), null);
        }
    }
}
