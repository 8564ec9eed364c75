package dev.banos.mem.insight;

import java.util.List;

/** The allocator as a management console sees it, under the name {@code dev.banos.mem:type=Allocator}. */
@Described("Native memory of Banos, by heap and size class; leak tracking")
public interface AllocatorMXBean {
    /** {@return all that the allocator holds of the system's memory, in bytes: the sum of used, kept, mapped and cached} */
    @Described("All that the allocator holds of the system's memory, in bytes")
    long getFootprintBytes();

    /** {@return how many arenas of 1 MiB, in which small blocks live, are accessible} */
    @Described("Regions of 1 MiB that small blocks live in")
    int getArenas();

    /** {@return the bytes of spans that serve blocks} */
    @Described("Bytes of spans that serve blocks")
    long getUsedBytes();

    /** {@return the bytes of spans that are free, and whose memory has not been given back yet} */
    @Described("Bytes of spans that are free, and whose memory has not been given back yet")
    long getKeptBytes();

    /** {@return the bytes of blocks that are mappings of their own: those of 64 KiB and more} */
    @Described("Bytes of blocks that are mappings of their own: those of 64 KiB and more")
    long getMappedBytes();

    /** {@return how many blocks are mappings of their own} */
    @Described("How many blocks are mappings of their own")
    long getMappings();

    /** {@return the bytes of mappings that were freed and are kept for reuse} */
    @Described("Bytes of mappings that were freed and are kept for reuse")
    long getCachedBytes();

    /** {@return how many of the mapped bytes ask for huge pages} */
    @Described("How many of the mapped bytes ask for huge pages")
    long getHugeBytes();

    /** {@return what each heap holds, in all and by size class; most reserved bytes first} */
    @Described("What each heap holds, in all and by size class; most reserved bytes first")
    List<HeapFigures> getHeaps();

    /** {@return {@code OFF}, {@code SAMPLED} or {@code FULL}: {@link LeakTracking#level()}} */
    @Described("OFF, SAMPLED or FULL; for heaps without a level of their own")
    String getLeakLevel();

    /**
     * Changes the level: {@link LeakTracking#level(LeakTracking.Level)}.
     *
     * @param level {@code OFF}, {@code SAMPLED} or {@code FULL}, in upper or lower case
     * @throws IllegalArgumentException for any other word
     */
    void setLeakLevel(String level);

    /** {@return how many live blocks are remembered for the leak report} */
    @Described("How many live blocks are remembered for the leak report")
    int getTrackedBlocks();

    /** {@return live blocks of all heaps by the stack that allocated them, most bytes first, as text of several lines} */
    @Described("Live blocks by heap and the stack that allocated them, most bytes first")
    String leakReport();

    /** {@return the leak report as folded stacks, for a flame graph: {@link LeakReport#toFoldedStacks}} */
    @Described("The leak report as folded stacks, for a flame graph; empty without any")
    String heapProfile();

    /** Gives free memory back to the system: {@code Malloc.trim()}, and the free spans of all other heaps. */
    @Described("Gives free memory of malloc, and free spans of all heaps, back at once")
    void trim();
}
