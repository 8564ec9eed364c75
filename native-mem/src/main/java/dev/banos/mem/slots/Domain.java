package dev.banos.mem.slots;

import dev.banos.bindings.Setting;
import dev.banos.mem.event.Room;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.mappings.HugePageRule;
import dev.banos.mem.mappings.MappingCache;
import dev.banos.mem.system.Budget;
import dev.banos.mem.system.MappingCount;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Whose blocks may be freed through which door. All threads share the domain of malloc, so that any of them frees
 * any other's blocks; a heap that an application created is a domain of its own.
 */
public final class Domain {
    /** The purger's. Read here, with all others at the first malloc: the purger is first needed by a free that has been done already. */
    static final Duration PURGE_DELAY = Duration.ofMillis(
            Setting.number("banos.mem.purgeDelayMillis", 1000, 0, Duration.ofDays(365).toMillis()));

    public static final Domain MALLOC = new Domain(Budget.unlimited("malloc"), new LeakRecords("malloc"),
            Setting.number("banos.mem.mappingCacheBytes", 0, 0, Long.MAX_VALUE),
            Setting.word("banos.mem.hugePages", HugePageRule.GROWTH));

    static {
        MALLOC.mappings.open();
    }

    public final Budget budget;
    public final LeakRecords leaks;
    public final DirectMappings mappings;
    /** For the blocks that are remembered; null until there are any. */
    volatile @Nullable TrackedPool tracked;
    private boolean closed;

    public Domain(Budget budget, LeakRecords leaks, long mappingCacheBytes, HugePageRule hugePages) {
        this.budget = budget;
        this.leaks = leaks;
        MappingCache cache = mappingCacheBytes == 0 ? null : MappingCache.make(budget, mappingCacheBytes, new Waking());
        this.mappings = new DirectMappings(budget, leaks, cache, hugePages);
    }

    /** What a cache keeps goes back to the system by the purger. */
    private static final class Waking implements Runnable {
        @Override
        public void run() {
            Purger.wakeIfPossible(); // a put has happened, and its caller must hear so
        }
    }

    /** Makes ready what calls need that come after the first of malloc or of a heap: {@link Room} says why. */
    public static void prepare() {
        Room.initialise(RecentBins.class, RunTable.class, Spans.class, Bitmaps.class, Hazards.class, TrackedPool.class,
                Purger.class, MappingCount.class);
        DirectMappings.prepare();
    }

    /**
     * Decides for the heap's owner, and for others under the lock of the domain's pool, under which it changes. To who has not the lock it
     * is a hint: the one under the lock decides.
     */
    public boolean isClosed() {
        return closed;
    }

    /** From now on no block is given out or taken back; {@link #freeAll} takes those that are left. */
    public void close() {
        closed = true;
    }

    public @Nullable TrackedPool tracked() {
        return tracked;
    }

    public void trimTracked() {
        TrackedPool pool = tracked;
        if (pool != null) {
            pool.trim();
        }
    }

    /** As {@link #trimTracked}, for more room in the budget, of which pages are not part. */
    public void reclaimTracked() {
        TrackedPool pool = tracked;
        if (pool != null) {
            pool.reclaim();
        }
    }

    /** Frees all that is not in the pool of the heap, which is closed now. */
    public void freeAll() {
        if (tracked != null) {
            tracked.destroy();
        }
        mappings.close();
    }

    @Override
    public String toString() {
        return budget.heap();
    }
}
