package dev.banos.libc.sort;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The one thing about the processor that a plan depends on; nothing but the speed of a sort does. */
final class Processor {
    private static final String FILE = "/proc/cpuinfo";
    private static final int FIRST_LINES = 256; // bytes: the second line names the vendor

    private Processor() {
    }

    /** Whether it is made by AMD; false where nobody says so. */
    static boolean isAmd() {
        try (FileInputStream in = new FileInputStream(FILE)) {
            return isAmd(new String(in.readNBytes(FIRST_LINES), StandardCharsets.US_ASCII));
        } catch (IOException unknown) {
            return false;
        }
    }

    static boolean isAmd(String description) {
        return description.lines().anyMatch(line -> line.startsWith("vendor_id") && line.endsWith(": AuthenticAMD"));
    }
}
