package dev.banos.mem;

import dev.banos.mem.event.Room;
import dev.banos.mem.slots.Domain;

/**
 * What the first use of malloc, or of a heap, makes ready for all that come after it. The JVM initialises a class once, and links a lambda
 * once: where that throws, since Java's heap is full or the stack at its end, each later use is an error. So classes that have something to
 * initialise are touched here; on the paths of malloc, free, realloc and trim stand records where there could be lambdas; and what costs
 * milliseconds to link is done without where it cannot be: {@code memset} and {@code sched_getcpu}.
 */
final class FirstUse {
    /** More than is made here. */
    private static final int ROOM_BYTES = 256 * 1024;

    private static volatile boolean prepared;

    private FirstUse() {
    }

    /**
     * For slow paths that the first use of each kind goes through.
     *
     * @throws OutOfMemoryError where Java's heap has too little room for it; the next use tries again
     * @throws StackOverflowError likewise, where the stack is nearly at its end
     */
    static void prepare() {
        if (!prepared) {
            prepareSlow();
        }
    }

    private static void prepareSlow() {
        Room.require(ROOM_BYTES);
        Domain.prepare();
        Room.initialise(Heap.class, HeapTree.class, HugePages.class);
        prepared = true;
    }
}
