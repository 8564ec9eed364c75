package app;

import dev.banos.mem.Malloc;
import java.nio.ByteBuffer;
import org.lwjgl.system.MemoryUtil;

/** Knows nothing of the adapter: a property names it. */
class Main {
    public static void main(String[] args) {
        long before = Malloc.statistics().liveBlocks();
        ByteBuffer buffer = MemoryUtil.memAlloc(1000);
        System.out.print(MemoryUtil.getAllocator().getClass().getModule().getName() + ": " + (Malloc.statistics().liveBlocks() - before));
        MemoryUtil.memFree(buffer);
        System.out.println(" block, then " + (Malloc.statistics().liveBlocks() - before));
    }
}
