package dev.banos.loader.elf;

import dev.banos.bindings.FileTrouble;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads whole files, once: what is checked is what is linked. */
public final class FileBytes {
    private static final long LARGEST_FILE = Integer.MAX_VALUE - 8; // of a Java array
    private static final int PIECE_BYTES = 8192;
    private static final char UNDECODED = '\ufffd';

    private FileBytes() {
    }

    /** @throws Refusal if there is no such file, it has no end, as a device may have none, or it cannot be read */
    public static byte[] read(Path path) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory() || attributes.isOther()) {
                throw new Refusal(Refusal.EINVAL, path.toString(), null, -1,
                        attributes.isDirectory() ? "a directory" : "a device or pipe, not a file", null);
            }
            if (attributes.size() > LARGEST_FILE) {
                throw Refusal.unsupported(path.toString(), null, -1, "the file has more than 2 GiB", null);
            }
            return attributes.size() > 0 && path.getFileSystem() == FileSystems.getDefault()
                    ? inPieces(path, (int) attributes.size()) : Files.readAllBytes(path);
        } catch (NoSuchFileException missing) {
            throw new Refusal(Refusal.ENOENT, path.toString(), null, -1, "no such file", remedy(path));
        } catch (IOException failed) {
            throw new Refusal(Refusal.EIO, path.toString(), null, -1, "cannot be read: " + FileTrouble.cause(failed), null);
        }
    }

    /** Java decodes arguments, and what it cannot decode is lost: no text that it makes of such a name leads to the file. */
    private static @Nullable String remedy(Path path) {
        return path.toString().indexOf(UNDECODED) < 0 ? null
                : "a name with bytes that are no UTF-8 reaches Java without them: give the file another, or a link";
    }

    /**
     * Pieces of a size for which the JDK has room on the stack. For larger ones it finds memory as large, beside the array's, and
     * new memory is most of what the reading costs a first load.
     */
    private static byte[] inPieces(Path path, int size) throws IOException {
        byte[] bytes = new byte[size];
        int length = 0;
        try (FileInputStream input = new FileInputStream(path.toFile())) {
            for (int count = 0; count >= 0 && length < size; length += Math.max(0, count)) {
                count = input.read(bytes, length, Math.min(PIECE_BYTES, size - length));
            }
        } catch (FileNotFoundException notOpened) {
            return Files.readAllBytes(path); // what that throws says why
        }
        return length == size ? bytes : Arrays.copyOf(bytes, length); // somebody has cut it off meanwhile
    }
}
