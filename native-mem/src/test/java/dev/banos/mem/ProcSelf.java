package dev.banos.mem;

import dev.banos.mem.system.Kernel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the kernel says about this process: the independent witness of what the allocator claims. */
public final class ProcSelf {
    private ProcSelf() {
    }

    public static boolean isMapped(long address) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.anyMatch(line -> contains(line, address));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many mappings it has. */
    static long mappings() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How the kernel lets the page be accessed, as rwx- letters; empty where nothing is mapped. */
    static String access(long address) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> contains(line, address)).map(line -> line.split(" ")[1]).findFirst().orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Whether the page has memory of its own: the zero page, which the first read maps, belongs to many.
     * (The kernel's Documentation/admin-guide/mm/pagemap.rst.)
     */
    public static boolean hasOwnMemory(long address) {
        long exclusivelyMapped = 1L << 56;
        try (RandomAccessFile map = new RandomAccessFile("/proc/self/pagemap", "r")) {
            map.seek(address / Kernel.PAGE_BYTES * Long.BYTES);
            return (Long.reverseBytes(map.readLong()) & exclusivelyMapped) != 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the word at the address is there, and has that value. */
    static boolean holds(long address, long word) {
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
            memory.seek(address);
            return Long.reverseBytes(memory.readLong()) == word;
        } catch (IOException notMapped) {
            return false;
        }
    }

    private static boolean contains(String line, long address) {
        int dash = line.indexOf('-');
        long start = Long.parseUnsignedLong(line, 0, dash, 16);
        long end = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
        return Long.compareUnsigned(address, start) >= 0 && Long.compareUnsigned(address, end) < 0;
    }

    /** Resident bytes of the mappings that begin in a range: the JVM's own memory, which comes and goes, is left out. */
    public static long residentBytes(long from, long to) {
        return bytes("Rss:", from, to);
    }

    /** Those of them that are in huge pages. */
    public static long hugeBytes(long from, long to) {
        return bytes("AnonHugePages:", from, to);
    }

    private static long bytes(String figure, long from, long to) {
        try {
            long bytes = 0;
            boolean counts = false;
            for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
                if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                    long start = Long.parseUnsignedLong(line, 0, line.indexOf('-'), 16);
                    counts = start >= from && start < to;
                } else if (counts && line.startsWith(figure)) {
                    bytes += Long.parseLong(line.replaceAll("\\D+", "")) * 1024;
                }
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
