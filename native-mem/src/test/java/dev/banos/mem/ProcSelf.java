package dev.banos.mem;

import dev.banos.bindings.SystemCalls;
import dev.banos.mem.system.Kernel;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What the kernel says about this process: the independent witness of what the allocator claims. */
public final class ProcSelf {
    /** Of madvise: a child of fork finds zeros there. (The kernel's include/uapi/asm-generic/mman-common.h.) */
    private static final int MADV_WIPEONFORK = 18;
    /** What /proc/self/smaps then says of the mapping. */
    private static final String WIPED = " wf ";
    private static final Set<Long> MARKED = ConcurrentHashMap.newKeySet();

    private ProcSelf() {
    }

    /**
     * Marks the page at the address of a block that is a mapping, so that {@link #isStillMapped} knows it again: as soon as it is unmapped
     * another thread of the JVM may have something else there. The mark is one that the JVM has no use for. The page is then a mapping by
     * itself, which must not be asked to grow.
     *
     * @return the address
     */
    public static long mark(long address) {
        int refused = SystemCalls.madvise(Tcb.current().segment(), address & -Kernel.PAGE_BYTES, Kernel.PAGE_BYTES, MADV_WIPEONFORK);
        if (SystemCalls.isError(refused)) {
            throw new AssertionError(Long.toHexString(address) + " cannot be marked: errno " + -refused);
        }
        MARKED.add(address);
        return address;
    }

    /** Whether what was {@linkplain #mark marked} at the address is there, and not what has come to its place. */
    public static boolean isStillMapped(long address) {
        return !stillMapped(List.of(address)).isEmpty();
    }

    /** Those of them that are. */
    public static List<Long> stillMapped(Collection<Long> addresses) {
        if (!MARKED.containsAll(addresses)) {
            throw new IllegalArgumentException("not all of " + addresses + " were marked");
        }
        List<Long> found = new ArrayList<>();
        String mapping = "";
        for (String line : lines("/proc/self/smaps")) {
            if (isMapping(line)) {
                mapping = line;
            } else if (line.startsWith("VmFlags:") && (line + " ").contains(WIPED)) {
                String marked = mapping;
                addresses.stream().filter(address -> contains(marked, address)).forEach(found::add);
            }
        }
        return found;
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
        long bytes = 0;
        boolean counts = false;
        for (String line : lines("/proc/self/smaps")) {
            if (isMapping(line)) {
                long start = Long.parseUnsignedLong(line, 0, line.indexOf('-'), 16);
                counts = start >= from && start < to;
            } else if (counts && line.startsWith(figure)) {
                bytes += Long.parseLong(line.replaceAll("\\D+", "")) * 1024;
            }
        }
        return bytes;
    }

    private static boolean isMapping(String line) {
        return line.matches("[0-9a-f]+-[0-9a-f]+ .*");
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
