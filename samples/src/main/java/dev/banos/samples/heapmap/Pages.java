package dev.banos.samples.heapmap;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * The pages of one region: how many bytes of live blocks each holds, and which of them are resident. A page that never
 * held a block counts as not resident: it may be somebody else's, since mappings of the JVM can share a region.
 *
 * <pre>
 *   text of a region: one letter a page, then a number where the letter repeats
 *   a..i  resident, empty to full        A..I  not resident, empty to full
 * </pre>
 */
final class Pages {
    static final long REGION_BYTES = 1 << 20;
    static final int PAGE_BYTES = 4096;
    static final int COUNT = (int) (REGION_BYTES / PAGE_BYTES);
    private static final int LEVELS = 8;
    /** Pages looked at in one go where a hole is among them; a power of two. */
    private static final int FEWEST = 1;

    private final long address;
    private final int[] live = new int[COUNT];
    private final BitSet everUsed;
    private final boolean[] resident = new boolean[COUNT];

    /** @param everUsed the pages that held a block at some time */
    Pages(long address, BitSet everUsed) {
        this.address = address;
        this.everUsed = everUsed;
    }

    /** Counts the part of a block that lies in this region. */
    void add(long block, long size) {
        long end = Math.min(block + size, address + REGION_BYTES);
        for (long at = Math.max(block, address); at < end; ) {
            int page = (int) ((at - address) / PAGE_BYTES);
            long next = Math.min(end, address + (page + 1L) * PAGE_BYTES);
            live[page] += (int) (next - at);
            at = next;
        }
    }

    /** Asks the kernel. @return the bytes that are resident */
    long lookAtResidency() {
        try (Arena scope = Arena.ofConfined()) {
            look(0, COUNT, scope.allocate(COUNT));
        }
        long bytes = 0;
        for (boolean each : resident) {
            bytes += each ? PAGE_BYTES : 0;
        }
        return bytes;
    }

    /** The kernel refuses a range with a hole in it: then the halves are tried. */
    private void look(int first, int count, MemorySegment vector) {
        int status = SystemCalls.mincore(Tcb.current().segment(), address + (long) first * PAGE_BYTES,
                (long) count * PAGE_BYTES, vector);
        if (status == -Linux.ENOMEM() && count > FEWEST) {
            look(first, count / 2, vector);
            look(first + count / 2, count - count / 2, vector);
        } else if (status == 0) {
            for (int i = 0; i < count; i++) {
                resident[first + i] = everUsed.get(first + i) && (vector.get(ValueLayout.JAVA_BYTE, i) & 1) != 0;
            }
        }
    }

    String text() {
        StringBuilder text = new StringBuilder();
        for (int page = 0; page < COUNT; ) {
            char letter = letter(page);
            int run = 1;
            while (page + run < COUNT && letter(page + run) == letter) {
                run++;
            }
            text.append(letter);
            if (run > 1) {
                text.append(run);
            }
            page += run;
        }
        return text.toString();
    }

    private char letter(int page) {
        int level = Math.min(LEVELS, (live[page] * LEVELS + PAGE_BYTES - 1) / PAGE_BYTES);
        return (char) ((resident[page] ? 'a' : 'A') + level);
    }
}
