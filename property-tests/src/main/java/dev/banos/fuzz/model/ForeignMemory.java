package dev.banos.fuzz.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was mapped before the target was loaded, the files that its loading mapped, and what the start of a thread mapped since.
 * None of it is for blocks, so a free must not unmap it: one that unmaps a page too much is seen here, before some other part
 * of the process trips over the hole. Whose it is may unmap it, and the target be given the place: see {@link #isAsItWas}.
 */
public final class ForeignMemory {
    private static final Path MAPS = Path.of("/proc/self/maps");

    /** Ascending; region i is from starts[i] up to ends[i]. */
    private final long[] starts;
    private final long[] ends;
    /** What the kernel says of each region. */
    private final List<String> lines;
    private final List<Growth> since = new ArrayList<>();

    private ForeignMemory(long[] starts, long[] ends, List<String> lines) {
        this.starts = starts;
        this.ends = ends;
        this.lines = lines;
    }

    /** What is mapped now. */
    public static ForeignMemory now() {
        return of(lines());
    }

    /** What is mapped from a file now: code and data of libraries. The kernel likes to put a target's first blocks just below. */
    public static ForeignMemory ofFiles() {
        return of(lines().stream().filter(line -> line.indexOf('/') >= 0).toList());
    }

    private static ForeignMemory of(List<String> lines) {
        long[] starts = new long[lines.size()];
        long[] ends = new long[lines.size()];
        for (int i = 0; i < starts.length; i++) {
            String line = lines.get(i); // 7f0c3c234000-7f0c3c236000 rw-p ...
            int dash = line.indexOf('-');
            starts[i] = Long.parseUnsignedLong(line, 0, dash, 16);
            ends[i] = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
        }
        return new ForeignMemory(starts, ends, lines);
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(MAPS);
        } catch (IOException absent) {
            throw new UncheckedIOException(MAPS + " cannot be read: the laws about unmapping need it", absent);
        }
    }

    /** This, and what {@code after} has that {@code before} had not. */
    public ForeignMemory and(ForeignMemory before, ForeignMemory after) {
        ForeignMemory grown = new ForeignMemory(starts, ends, lines);
        grown.since.addAll(since);
        grown.since.add(new Growth(before, after));
        return grown;
    }

    void forEachRegion(Region seer) {
        for (int i = 0; i < starts.length; i++) {
            seer.sees(starts[i], ends[i]);
        }
    }

    /** Sees where a region begins and ends. */
    @FunctionalInterface
    interface Region {
        void sees(long start, long end);
    }

    boolean contains(long address) {
        return isMapped(address) || since.stream().anyMatch(growth -> growth.contains(address));
    }

    /**
     * Whether the region with this address still has its beginning, its end and all else that the kernel says of it. One that has grown
     * together with a neighbour is not taken for it.
     */
    boolean isAsItWas(long address) {
        String now = now().line(address);
        return !now.isEmpty() && (now.equals(line(address)) || since.stream().anyMatch(growth -> now.equals(growth.after.line(address))));
    }

    private record Growth(ForeignMemory before, ForeignMemory after) {
        boolean contains(long address) {
            return after.isMapped(address) && !before.isMapped(address);
        }
    }

    private boolean isMapped(long address) {
        return !line(address).isEmpty();
    }

    /** Empty where nothing is mapped. */
    private String line(long address) {
        int found = Arrays.binarySearch(starts, address);
        int region = found >= 0 ? found : -found - 2;
        return region >= 0 && Long.compareUnsigned(address, ends[region]) < 0 ? lines.get(region) : "";
    }
}
