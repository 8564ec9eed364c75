package dev.banos.mem.system;

import dev.banos.lock.SpinLock;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * How many mappings the process has, of which the kernel allows {@code vm.max_map_count}. A JVM that can have no more ends: it maps
 * the stacks of its threads, its code and its heap as it goes. So what is ours stops before.
 *
 * <pre>
 *   0 ...  limit - limit / 8  ...............  limit - limit / 16  .............  limit
 *    all is done        |   nothing is cut in two    |    nor is anything mapped
 * </pre>
 *
 * <p>The kernel counts neighbours as one that have the same access, so an munmap between two others makes one more, and a thousand
 * mmaps may make none. What comes of a call it does not say: so each that may make one more takes of a credit, and when that is used
 * up the lines of /proc/self/maps are counted, outside all locks ({@link #lookIfDue}), since that takes long and reads a file.
 */
public final class MappingCount {
    private static final int FIRST_CREDIT = 256;
    /** Between two counts there are so many calls, so that others' mappings are noticed, and so many where there are not many left. */
    private static final int MOST_CREDIT = 4096;
    private static final int LEAST_CREDIT = 1024;

    private static final SpinLock COUNTING = new SpinLock();
    private static final byte[] PART = new byte[8192];

    /** Not synchronised: a call that is lost changes only when the next count is. */
    private static int credit = FIRST_CREDIT;
    private static volatile boolean maySplit = true;
    private static volatile boolean mayMap = true;

    private MappingCount() {
    }

    /** Whether a call may be made that maps something. */
    static boolean mayMap() {
        credit--;
        return mayMap;
    }

    /** Whether a mapping may be taken out from between two others. */
    static boolean maySplit() {
        credit--;
        return maySplit;
    }

    /** For a caller that holds no lock. */
    public static void lookIfDue() {
        if (credit <= 0) {
            look();
        }
    }

    /** The same for one who is about to map: while that is refused, each time, since some may have been freed. */
    public static void lookBeforeMapping() {
        if (credit <= 0 || !mayMap) {
            look();
        }
    }

    /** Counts now, if nobody else does. */
    static void look() {
        if (!COUNTING.tryLock()) {
            return;
        }
        try {
            long limit = number("/proc/sys/vm/max_map_count");
            long count = lines("/proc/self/maps");
            long room = limit - limit / 8 - count;
            maySplit = room > 0;
            mayMap = count < limit - limit / 16;
            credit = Math.clamp(room / 2, LEAST_CREDIT, MOST_CREDIT);
        } catch (IOException | NumberFormatException | OutOfMemoryError | StackOverflowError unknown) {
            credit = MOST_CREDIT; // the kernel says so when there are too many
        } finally {
            COUNTING.unlock();
        }
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
