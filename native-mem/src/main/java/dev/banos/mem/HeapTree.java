package dev.banos.mem;

/** A heap with its parents and their children, whose memory makes room for each other at a limit. */
final class HeapTree {
    private HeapTree() {
    }

    /** Gives back what is free in {@code heap}, and in all others of its tree. */
    static void reclaim(Heap heap) {
        Heap root = heap;
        while (root.parent() != null) {
            root = root.parent();
        }
        reclaimBelow(root);
    }

    private static void reclaimBelow(Heap heap) {
        heap.reclaim();
        heap.domain().budget.children().forEach(HeapTree::reclaimBelow);
    }
}
