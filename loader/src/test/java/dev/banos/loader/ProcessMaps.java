package dev.banos.loader;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says of this process's memory. */
final class ProcessMaps {
    private ProcessMaps() {
    }

    /** Whether a mapping begins at the address. */
    static boolean isMapped(long address) {
        try {
            return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                    .anyMatch(line -> line.startsWith(String.format("%08x-", address)));
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }
}
