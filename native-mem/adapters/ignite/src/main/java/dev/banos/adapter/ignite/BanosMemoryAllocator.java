package dev.banos.adapter.ignite;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapBudget;
import dev.banos.mem.HeapOptions;
import java.io.Serializable;
import java.util.Objects;
import org.apache.ignite.mem.MemoryAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the data regions of an Ignite node, in a heap with a name and, if wanted, a limit.
 *
 * <pre>{@code
 *   new DataStorageConfiguration().setMemoryAllocator(new BanosMemoryAllocator("ignite"))
 * }</pre>
 *
 * <p>The heap is made when the node first asks for memory. So a configuration that is sent to another node takes no memory along, and
 * has a heap of its own there. The heap is never closed; Ignite frees its regions when the node stops.
 */
public final class BanosMemoryAllocator implements MemoryAllocator, Serializable {
    private static final long serialVersionUID = 1;
    private static final long UNLIMITED = 0;

    private final String name;
    private final long limit;
    private transient @Nullable Heap heap;
    /** Whether a refusal was logged since memory was last freed: Ignite asks again at each entry that has no room. */
    private transient volatile boolean refused;

    /**
     * An allocator without a limit.
     *
     * @param name of the heap, in messages and statistics
     */
    public BanosMemoryAllocator(String name) {
        this(name, UNLIMITED);
    }

    /**
     * An allocator with a limit. At the limit, Ignite reports a region for which there is no memory.
     *
     * @param name of the heap, in messages and statistics
     * @param limit how many bytes all regions that use this allocator may have together; 0: as many as the system has
     * @throws IllegalArgumentException when {@code limit} is negative
     */
    public BanosMemoryAllocator(String name, long limit) {
        if (limit < 0) {
            throw new IllegalArgumentException("limit=" + limit);
        }
        this.name = Objects.requireNonNull(name, "name");
        this.limit = limit;
    }

    private synchronized Heap heap() {
        if (heap == null) {
            HeapOptions options = HeapOptions.shared().named(name);
            heap = Heap.create(limit == UNLIMITED ? options : options.limit(limit));
        }
        return heap;
    }

    /** {@return what the regions have, and may have} */
    public HeapBudget budget() {
        return heap().budget();
    }

    /** @return 0 where there is no memory: Ignite says which region that was, and a warning in the log what refused */
    @Override
    public long allocateMemory(long size) {
        long address = heap().malloc(size);
        if (address == 0 && !refused) {
            refused = true;
            logRefusal(size);
        }
        return address;
    }

    /** Ignite's message names the region's own size as what to increase, which need not be what was met. */
    private void logRefusal(long size) {
        System.getLogger(BanosMemoryAllocator.class.getName()).log(System.Logger.Level.WARNING,
                () -> "no " + size + " bytes of native memory for a data region: " + budget() + ". "
                        + (limit == UNLIMITED ? "The system has no more"
                                : "The limit is the second argument of BanosMemoryAllocator, for all its regions"));
    }

    @Override
    public void freeMemory(long address) {
        heap().free(address);
        refused = false;
    }

    @Override
    public String toString() {
        return "BanosMemoryAllocator(" + name + ")";
    }
}
