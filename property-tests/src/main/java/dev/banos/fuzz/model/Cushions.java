package dev.banos.fuzz.model;

import dev.banos.fuzz.program.Bytes;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages of the fuzzer's own, without access, behind the target's large mappings. A free that unmaps too much tears a hole into
 * a cushion, where it is seen; elsewhere it may hit the stack or the heap of some other thread, and whether the process then
 * lives long enough to say so is luck.
 * <pre>
 *   ~ free ... [ the target's next mapping ][ cushion ] ~ in use ~ [ plug ] ~ in use ~
 * </pre>
 * The kernel takes the highest gap that is large enough: smaller gaps above the cushion get a plug.
 */
final class Cushions {
    /** Larger than any alignment in a program: so far a free may go wrong that takes a block for its mapping. */
    private static final long BYTES = 4L << 20;

    /** What a target may add to a request. */
    private static final long SLACK = 64L << 10;

    /** The kernel aligns a mapping of a multiple of this to it, and passes over a gap without the room for that. */
    private static final long HUGE_PAGE = 2L << 20;

    /** Enough for the longest programs; the kernel gives a process some 65,000 mappings. */
    private static final int MOST = 4096;

    private final List<Range> ranges = new ArrayList<>();

    private record Range(long start, long bytes) {
        boolean contains(long address) {
            return address >= start && address < start + bytes;
        }

        /** What was torn out may be somebody else's by now, so a torn one stays as it is. */
        void release() {
            if (Mapped.isWhole(start, bytes)) {
                Mapped.unmap(start, bytes);
            }
        }
    }

    /** Puts one behind where the next mapping of this many bytes, or little more, will be. */
    void behindNext(long bytes) {
        long least = bytes & -Bytes.PAGE;
        long most = least + SLACK;
        long below = most < HUGE_PAGE ? most : most + HUGE_PAGE;
        long gap = ranges.size() < MOST ? Mapped.reserve(below + BYTES) : 0;
        if (gap != 0) {
            ranges.add(new Range(gap + below, BYTES));
            plugAbove(gap, least % HUGE_PAGE == 0 ? least - Bytes.PAGE : least);
            Mapped.unmap(gap, below);
        }
    }

    private void plugAbove(long gap, long bytes) {
        long at = Mapped.reserve(bytes);
        while (at > gap && ranges.size() < MOST) {
            ranges.add(new Range(at, bytes));
            at = Mapped.reserve(bytes);
        }
        if (at != 0) {
            Mapped.unmap(at, bytes);
        }
    }

    boolean contains(long address) {
        return ranges.stream().anyMatch(range -> range.contains(address));
    }

    void release() {
        ranges.forEach(Range::release);
        ranges.clear();
    }
}
