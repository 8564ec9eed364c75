package dev.banos.mem.system;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.lock.SpinLock;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Whether the process has nearly as many mappings as the kernel allows, {@code vm.max_map_count}. A JVM that can have no more ends: it
 * maps the stacks of its threads, its code and its heap as it goes. The kernel counts neighbours with the same access as one, so a
 * thousand mallocs may make none, and each free between two others makes one more. From seven eighths of the limit on whatever makes more
 * of them does without: such a free gives back the memory alone ({@link Unmapping}), a block that grows is copied, a new one gets neither
 * guards nor huge pages, and one with an alignment of its own is out of memory.
 *
 * <p>The kernel does not say how many there are, so the lines of /proc/self/maps are counted, by the thread that is about to make one more,
 * each time after half as many as there is room for, between a thousand and four thousand. By bare calls, which take nothing of Java's heap
 * and never unmount a virtual thread: so any thread may count, also under a lock. What other code maps meanwhile is seen at the next count
 * only.
 */
public final class MappingCount {
    private static final int FIRST_CREDIT = 256;
    /** A count takes as long as there are mappings, so there must be some new ones between two. */
    private static final int LEAST_CREDIT = 1024;
    private static final int MOST_CREDIT = 4096;

    private static final SpinLock COUNTING = new SpinLock();
    private static final int PART_BYTES = 8192;
    private static final byte[] PART = new byte[PART_BYTES];
    private static final long BUFFER = Arena.global().allocate(PART_BYTES).address();
    private static final long MAPPINGS = Arena.global().allocateFrom("/proc/self/maps").address();
    private static final long LIMIT = Arena.global().allocateFrom("/proc/sys/vm/max_map_count").address();
    private static final MemorySegment OPEN = function("open");
    private static final MemorySegment READ = function("read");
    private static final MemorySegment CLOSE = function("close");
    private static final int O_CLOEXEC = 0x80000;
    private static final int NONE = -1;

    /** Not synchronised: one that is lost changes only when the next count is. */
    private static int credit = FIRST_CREDIT;
    private static volatile boolean hasRoom = true;
    /** What a count that the end of the stack broke off may have left open; under the lock. */
    private static int file = NONE;
    /** In a test, instead of the kernel's; 0 otherwise. */
    private static volatile long limitForTest;

    static {
        close(); // linked by its first use, for which a free may find no room in Java's heap
    }

    private MappingCount() {
    }

    /** Makes this class ready, as {@link Unmapping#prepare}. */
    static void prepare() {
        assert PART.length > 0; // being here has initialised this class
    }

    /**
     * Whether the process may have some mappings more. Counts if that is due; while another thread does, so many more may come, and then
     * none.
     *
     * @param mappings how many the caller is about to make at most
     */
    public static boolean mayHaveMore(int mappings) {
        credit -= mappings;
        if (credit <= 0) {
            look();
        }
        return hasRoom && credit > -LEAST_CREDIT;
    }

    /** As it was at the last count. */
    public static boolean hasRoom() {
        return hasRoom;
    }

    /** Counts now, if nobody else does. At the end of the stack, or where Java's heap is full, the next to come does. */
    static void look() {
        if (!COUNTING.tryLock()) {
            return;
        }
        try {
            long limit = limitForTest != 0 ? limitForTest : limit();
            long lines = lines();
            long room = limit - limit / 8 - lines;
            boolean isUnknown = limit < 0 || lines < 0;
            credit = isUnknown ? MOST_CREDIT : Math.clamp(room / 2, LEAST_CREDIT, MOST_CREDIT);
            hasRoom = isUnknown || room > 0; // where there is no such file the kernel says so when there are too many
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            return;
        } finally {
            COUNTING.unlock();
        }
    }

    /** @param limit 0: the kernel's again */
    static void limitForTest(long limit) {
        limitForTest = limit;
        look();
    }

    private static long limit() {
        open(LIMIT);
        try {
            int length = read();
            long number = length > 0 ? 0 : NONE;
            for (int i = 0; i < length && PART[i] >= '0' && PART[i] <= '9'; i++) {
                number = number * 10 + PART[i] - '0';
            }
            return number;
        } finally {
            close();
        }
    }

    private static long lines() {
        open(MAPPINGS);
        try {
            long lines = 0;
            for (int length = read(); length > 0; length = read()) {
                for (int i = 0; i < length; i++) {
                    lines += PART[i] == '\n' ? 1 : 0;
                }
            }
            return lines > 0 ? lines : NONE;
        } finally {
            close();
        }
    }

    private static void open(long path) {
        if (file != NONE) {
            close();
        }
        file = (int) SystemCalls.call(OPEN, path, O_CLOEXEC, 0);
    }

    /** @return how many bytes are in PART now; 0 at the end, and less where there is no file */
    private static int read() {
        int length = (int) SystemCalls.call(READ, file, BUFFER, PART_BYTES);
        if (length > 0) {
            MemorySegment.copy(Native.EVERYTHING, ValueLayout.JAVA_BYTE, BUFFER, PART, 0, length);
        }
        return length;
    }

    private static void close() {
        long ignored = SystemCalls.call(CLOSE, file, 0, 0);
        file = NONE; // and not where that throws, before it has called: then the next count closes it
    }

    private static MemorySegment function(String name) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(name);
    }
}
