package dev.banos.mem.insight;

import java.util.List;

/** The allocator as a management console sees it, under the name {@code dev.banos.mem:type=Allocator}. */
@Described("Native memory of Banos: what it holds of the system, by heap and size class, and leak tracking")
public interface AllocatorMXBean {
    @Described("All that the allocator holds of the system's memory, in bytes")
    long getFootprintBytes();

    @Described("Regions of 1 MiB that small blocks live in")
    int getArenas();

    @Described("Bytes of spans that serve blocks")
    long getUsedBytes();

    @Described("Bytes of spans that are free, and whose memory has not been given back yet")
    long getKeptBytes();

    @Described("Bytes of blocks that are mappings of their own: those of 64 KiB and more")
    long getMappedBytes();

    @Described("How many blocks are mappings of their own")
    long getMappings();

    @Described("Bytes of mappings that were freed and are kept for reuse")
    long getCachedBytes();

    @Described("How many of the mapped bytes ask for huge pages")
    long getHugeBytes();

    @Described("What each heap holds, in all and by size class; most reserved bytes first")
    List<HeapFigures> getHeaps();

    @Described("OFF, SAMPLED or FULL, for malloc and all heaps without a level of their own; may be set, in upper or lower case")
    String getLeakLevel();

    /** @param level {@code OFF}, {@code SAMPLED} or {@code FULL}, in upper or lower case */
    void setLeakLevel(String level);

    @Described("How many live blocks are remembered for the leak report")
    int getTrackedBlocks();

    @Described("Live blocks of all heaps by the stack that allocated them, most bytes first")
    String leakReport();

    @Described("The leak report as folded stacks, for a flame graph")
    String heapProfile();

    @Described("Gives back to the system what can be given back at once")
    void trim();
}
