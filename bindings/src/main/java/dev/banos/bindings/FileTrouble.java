package dev.banos.bindings;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;

/** What to say, and to clear away, when a file could not be read or written. */
public final class FileTrouble {
    private FileTrouble() {
    }

    /**
     * The cause in words, without the file's name: the exceptions of {@code java.nio.file} have no other message than that.
     *
     * @param failed what reading or writing threw
     * @return as in "cannot be written: permission denied"
     */
    public static String cause(IOException failed) {
        return switch (failed) {
            case NoSuchFileException absent -> "no such file or folder";
            case AccessDeniedException denied -> "permission denied";
            case NotDirectoryException file -> "not a folder";
            case FileAlreadyExistsException other -> "there is a file of this name";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> Objects.requireNonNullElseGet(failed.getMessage(), failed::toString);
        };
    }

    /**
     * Removes what a failed write has left. A device or a pipe stays, and so does a file that could not be opened, which is as
     * it was.
     *
     * @param output where it was to be written
     * @param failed what the write threw
     */
    public static void removeHalf(Path output, IOException failed) {
        boolean opened = !(failed instanceof FileSystemException || failed instanceof FileNotFoundException);
        try {
            if (opened && Files.isRegularFile(output)) {
                Files.delete(output);
            }
        } catch (IOException stays) {
            failed.addSuppressed(stays);
        }
    }
}
