package dev.banos.mem.slots;

/**
 * Which bin serves a size for the calling thread's malloc: {@link ThreadPools#current} and {@link SlotPool#bin} in one look into a
 * table, from the thread's id and the size.
 *
 * <pre>
 *   place   0 ... 64                     65 ... 112             of 128, for each of 512 thread ids
 *   size    0 ... 1024, by sixteens      a class each, below 64 KiB
 * </pre>
 *
 * <p>Written without synchronisation, because an entry proves itself: a bin whose pool carries a thread's id is that thread's, and it
 * was entered at the place of its size.
 */
public final class RecentBins {
    private static final int MOST_THREADS = 512;
    private static final int PLACES = SizeClasses.PLACES;

    private static final Bin[] BINS = table();
    private static final int THREADS = BINS.length / PLACES;

    private RecentBins() {
    }

    /** The bin whose slots serve blocks of {@code size} bytes; one without slots for who has none, and where no slot does. */
    public static Bin bin(long size) {
        long id = Thread.currentThread().threadId();
        if (id < 0 || Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) >= 0) { // as to the id, see ThreadPools#current
            return Bin.NEVER;
        }
        int place = size <= SlotPool.QUICK_BYTES ? (int) (size + SizeClasses.ALIGNMENT - 1) >>> SizeClasses.LOG_ALIGNMENT
                : SizeClasses.placeOfLarger(size);
        int first = ((int) id & (THREADS - 1)) * PLACES;
        Bin bin = BINS[first | place & (PLACES - 1)];
        return bin.pool.threadId == id ? bin : find(first, size);
    }

    /** Enters all bins of the pool at once: a virtual thread that has just leased it may not live long enough to meet each. */
    private static Bin find(int first, long size) {
        SlotPool pool = ThreadPools.current();
        if (pool != SlotPool.NOBODY) {
            System.arraycopy(pool.byPlace, 0, BINS, first, PLACES);
        }
        return pool.bin(size);
    }

    /** For fewer threads where Java's heap has no room: they take turns then. To throw here would be the end of malloc, for good. */
    private static Bin[] table() {
        Bin nobodys = SlotPool.NOBODY.bin(1);
        for (int threads = MOST_THREADS;; threads /= 2) {
            try {
                return filled(new Bin[threads * PLACES], nobodys);
            } catch (OutOfMemoryError noRoom) {
                if (threads == 1) {
                    throw noRoom;
                }
            }
        }
    }

    /** By doubling: a JVM that has just started would interpret a loop over all of them. */
    private static Bin[] filled(Bin[] bins, Bin bin) {
        bins[0] = bin;
        for (int done = 1; done < bins.length; done *= 2) {
            System.arraycopy(bins, 0, bins, done, done);
        }
        return bins;
    }
}
