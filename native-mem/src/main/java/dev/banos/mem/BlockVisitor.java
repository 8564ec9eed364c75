package dev.banos.mem;

/** Sees the live blocks of a heap, one by one: {@link Heap#walk}. */
@FunctionalInterface
public interface BlockVisitor {
    /**
     * Sees one block. What this throws ends the walk, which throws it.
     *
     * @param address where the block begins
     * @param usableBytes how many bytes may be written there: as many as were asked for, or more
     */
    void block(long address, long usableBytes);
}
