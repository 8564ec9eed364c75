package dev.banos.mem.system;

import dev.banos.lock.SpinLock;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Whether the process has nearly as many mappings as the kernel allows, {@code vm.max_map_count}. A JVM that can have no more ends: it
 * maps the stacks of its threads, its code and its heap as it goes. The kernel counts neighbours with the same access as one, so a
 * thousand mallocs may make none, and each free between two others makes one more. From seven eighths of the limit on such a free gives
 * back the memory alone ({@link Unmapping}).
 *
 * <p>The kernel does not say how many there are, so the lines of /proc/self/maps are counted, each time after half as many frees as there
 * is room for, between a thousand and four thousand. What other code maps meanwhile is seen at the next count only.
 */
public final class MappingCount {
    private static final int FIRST_CREDIT = 256;
    /** A count takes as long as there are mappings, so there must be some frees between two. */
    private static final int LEAST_CREDIT = 1024;
    private static final int MOST_CREDIT = 4096;

    private static final SpinLock COUNTING = new SpinLock();
    private static final byte[] PART = new byte[8192];

    /** Not synchronised: a free that is lost changes only when the next count is. */
    private static int credit = FIRST_CREDIT;
    private static volatile boolean maySplit = true;
    /** In a test, instead of the kernel's; 0 otherwise. */
    private static volatile long limitForTest;

    private MappingCount() {
    }

    /** Whether a mapping may be taken out from between two others. */
    static boolean maySplit() {
        credit--;
        return maySplit;
    }

    /** Counts if that is due. A virtual thread leaves it to others: it may be unmounted while the file is opened, with a lock in hand. */
    public static void lookIfDue() {
        if (credit <= 0 && !Thread.currentThread().isVirtual()) {
            look();
        }
    }

    /** Counts now, if nobody else does. */
    static void look() {
        if (!COUNTING.tryLock()) {
            return;
        }
        try {
            long limit = limitForTest != 0 ? limitForTest : number("/proc/sys/vm/max_map_count");
            long room = limit - limit / 8 - lines("/proc/self/maps");
            maySplit = room > 0;
            credit = Math.clamp(room / 2, LEAST_CREDIT, MOST_CREDIT);
        } catch (IOException | NumberFormatException | OutOfMemoryError | StackOverflowError unknown) {
            maySplit = true; // the kernel says so when there are too many
            credit = MOST_CREDIT;
        } finally {
            COUNTING.unlock();
        }
    }

    /** @param limit 0: the kernel's again */
    static void limitForTest(long limit) {
        limitForTest = limit;
        look();
    }

    private static long number(String file) throws IOException {
        try (FileInputStream in = new FileInputStream(file)) {
            return Long.parseLong(new String(PART, 0, Math.max(0, in.read(PART)), StandardCharsets.US_ASCII).strip());
        }
    }

    private static long lines(String file) throws IOException {
        long lines = 0;
        try (FileInputStream in = new FileInputStream(file)) {
            for (int length = in.read(PART); length > 0; length = in.read(PART)) {
                for (int i = 0; i < length; i++) {
                    lines += PART[i] == '\n' ? 1 : 0;
                }
            }
        }
        return lines;
    }
}
