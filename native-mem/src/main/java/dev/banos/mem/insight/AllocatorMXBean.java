package dev.banos.mem.insight;

import java.util.List;

/** The allocator as a management console sees it, under the name {@code dev.banos.mem:type=Allocator}. */
public interface AllocatorMXBean {
    /** All that the allocator holds of the system's memory, in bytes. */
    long getFootprintBytes();

    int getArenas();

    /** Bytes of spans that serve blocks. */
    long getUsedBytes();

    /** Bytes of spans that are free, and whose memory has not been given back yet. */
    long getKeptBytes();

    /** Bytes of blocks that are mappings of their own. */
    long getMappedBytes();

    long getMappings();

    /** Bytes of mappings that were freed and are kept for reuse. */
    long getCachedBytes();

    /** What each heap holds, in all and by size class; most reserved bytes first. */
    List<HeapFigures> getHeaps();

    /** {@code OFF}, {@code SAMPLED} or {@code FULL}. */
    String getLeakLevel();

    /** @param level {@code OFF}, {@code SAMPLED} or {@code FULL}, in upper or lower case */
    void setLeakLevel(String level);

    /** How many live blocks are remembered. */
    int getTrackedBlocks();

    /** Live blocks by the stack that allocated them, most bytes first. */
    String leakReport();

    /** The same as folded stacks, for a flame graph. */
    String heapProfile();

    /** Gives back to the system what can be given back at once. */
    void trim();
}
