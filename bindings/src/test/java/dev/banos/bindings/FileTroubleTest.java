package dev.banos.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A message says why, in words; what is left of a file goes, and nothing else does. */
class FileTroubleTest {
    @TempDir
    Path folder;

    @Test
    void theCauseIsInWordsAndWithoutTheName() {
        Path file = folder.resolve("absent/file");
        assertEquals("no such file or folder", FileTrouble.cause(assertThrows(IOException.class, () -> Files.readString(file))));
        assertEquals("permission denied", FileTrouble.cause(new AccessDeniedException("file")));
        assertEquals("there is a file of this name", FileTrouble.cause(assertThrows(IOException.class,
                () -> Files.createDirectories(Files.createFile(folder.resolve("file"))))));
        assertEquals("Is a directory", FileTrouble.cause(assertThrows(IOException.class, () -> Files.writeString(folder, ""))));
        assertEquals("No space left on device", FileTrouble.cause(new IOException("No space left on device")));
        assertEquals("java.io.IOException", FileTrouble.cause(new IOException()));
    }

    @Test
    void whatAFailedWriteHasLeftIsRemoved() throws IOException {
        Path half = Files.writeString(folder.resolve("half"), "ha");
        FileTrouble.removeHalf(half, new IOException("No space left on device"));
        assertFalse(Files.exists(half));
        FileTrouble.removeHalf(half, new IOException("No space left on device"));
    }

    @Test
    void whatWasNotOpenedAndWhatIsNoFileStays() throws IOException {
        Path whole = Files.writeString(folder.resolve("whole"), "whole");
        FileTrouble.removeHalf(whole, new AccessDeniedException("whole"));
        assertTrue(Files.exists(whole));
        FileTrouble.removeHalf(folder, new IOException("No space left on device"));
        FileTrouble.removeHalf(Path.of("/dev/full"), new IOException("No space left on device"));
        assertTrue(Files.exists(folder) && Files.exists(Path.of("/dev/full")));
    }
}
