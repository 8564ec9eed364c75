package dev.banos.mem;

import org.jspecify.annotations.Nullable;

/**
 * What gives memory back for one request that a limit has refused: first its own heap, then all in the tree of the lowest heap whose limit
 * has no room, and where a limit above has none either, that one's, and so on. Heaps elsewhere keep what they have, as it does not help.
 *
 * <pre>
 *   server   limit 300   full      a request of images: images, then all below server
 *     |-- images
 *     `-- fonts  limit 20   full   a request of fonts: fonts, and what is below it
 * </pre>
 */
final class Reclaiming {
    private final Heap heap;
    private final long bytes;
    private boolean begun;
    private boolean isLastTry;
    /** In whose tree all has been given back. */
    private @Nullable Heap reclaimed;

    /**
     * @param heap whose request it is
     * @param bytes what it charges its budget for
     */
    Reclaiming(Heap heap, long bytes) {
        this.heap = heap;
        this.bytes = bytes;
    }

    /** Gives back what may make room. @return whether the request may be met now; if not, nothing was given back */
    boolean makesRoom() {
        if (!begun) {
            begun = true;
            HeapTree.reclaimOwn(heap); // of its runs a slot may be free now, whatever the limits
            return true;
        }
        return !isLastTry && heap.domain().budget.isEverEnough(bytes) && makesRoomAround();
    }

    private boolean makesRoomAround() {
        Heap refusing = refusing();
        if (refusing == null) { // another thread has given something back, or was refused what it had taken of a limit
            isLastTry = true;
            return true;
        }
        if (reclaimed != null && !HeapTree.isBelow(reclaimed, refusing)) {
            return false;
        }
        HeapTree.reclaim(refusing);
        reclaimed = refusing;
        return true;
    }

    /** The lowest heap that has no room, from the request's on upwards; or null. */
    private @Nullable Heap refusing() {
        Heap each = heap;
        while (each != null && each.domain().budget.hasRoom(bytes)) {
            each = each.tree().parent();
        }
        return each;
    }
}
