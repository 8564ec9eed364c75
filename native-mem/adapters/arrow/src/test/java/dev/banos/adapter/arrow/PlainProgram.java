package dev.banos.adapter.arrow;

import dev.banos.mem.Malloc;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.IntVector;

/** Fills a vector as any program does, and prints what malloc held before, during and after. */
final class PlainProgram {
    private static final int ROWS = 100_000;

    private PlainProgram() {
    }

    /** Arrow takes one chunk for the values and their bits, of a power of two. */
    static String expected() {
        return "before 0, during 1 of " + (1 << 19) + " bytes, after 0, sum " + (ROWS - 1L) * ROWS / 2;
    }

    public static void main(String[] args) {
        long before = Malloc.statistics().liveBlocks();
        String during;
        long sum = 0;
        try (BufferAllocator allocator = new RootAllocator(); IntVector vector = new IntVector("numbers", allocator)) {
            vector.allocateNew(ROWS);
            for (int i = 0; i < ROWS; i++) {
                vector.set(i, i);
            }
            vector.setValueCount(ROWS);
            during = Malloc.statistics().liveBlocks() + " of " + Malloc.statistics().liveBytes() + " bytes";
            for (int i = 0; i < ROWS; i++) {
                sum += vector.get(i);
            }
        }
        System.out.println("before " + before + ", during " + during + ", after " + Malloc.statistics().liveBlocks()
                + ", sum " + sum);
    }
}
