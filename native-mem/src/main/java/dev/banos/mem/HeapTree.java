package dev.banos.mem;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** A heap with its parents and their children, whose memory makes room for each other at a limit. */
final class HeapTree {
    private HeapTree() {
    }

    /** Makes {@code heap} a child of its parent, where it has one. @throws IllegalStateException when that is closed */
    static Heap join(Heap heap) {
        if (heap.parent() == null) {
            return heap;
        }
        try {
            heap.parent().domain().budget.add(heap);
            return heap;
        } catch (IllegalStateException parentIsClosed) {
            heap.close(); // which lists of caches and hardened heaps would know for good
            throw parentIsClosed;
        }
    }

    static void leave(Heap heap) {
        if (heap.parent() != null) {
            heap.parent().domain().budget.remove(heap);
        }
    }

    /** Gives back what is free in {@code heap}, and in all others of its tree. */
    static void reclaim(Heap heap) {
        Heap root = heap;
        while (root.parent() != null) {
            root = root.parent();
        }
        Deque<Heap> waiting = new ArrayDeque<>(List.of(root)); // not the Java stack, which a deep tree would overflow
        while (!waiting.isEmpty()) {
            Heap next = waiting.pop();
            next.reclaim();
            waiting.addAll(next.domain().budget.children());
        }
    }
}
