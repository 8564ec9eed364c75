package dev.banos.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.banos.testing.OtherThread;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Frees into the run that a heap began last, which take a way of their own. Each trim checks the invariants. */
class FavouriteRunTest {
    private static final long BYTES = 64;
    private static final int SLOTS = 1024;

    private final Heap heap = Heap.create();

    @AfterEach
    void close() {
        heap.close();
    }

    private List<Long> allocate(int count) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(heap.malloc(BYTES));
        }
        return blocks;
    }

    @Test
    void whatIsNoLiveBlockThereIsRefused() {
        List<Long> blocks = allocate(3);
        long freed = blocks.get(1);
        heap.free(freed);

        assertThrows(InvalidBlockException.class, () -> heap.free(freed));
        assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(0) + 16));
        assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(0) + 1));
        assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(2) + BYTES));
        assertEquals(2, heap.statistics().liveBlocks());
        heap.trim();
    }

    /** A run is served from a second time, while other words of it are full: what is freed there is found again. */
    @Test
    void aWordThatWasFullIsServedFromAgain() {
        List<Long> first = allocate(SLOTS);
        List<Long> second = allocate(1);
        heap.free(first.get(70));
        second.addAll(allocate(SLOTS - 1));
        long begunAgain = heap.malloc(BYTES);
        assertEquals(first.get(70), begunAgain, "the first run is served from again");

        heap.free(begunAgain);
        for (int word = 2; word < SLOTS / Long.SIZE; word += 3) {
            heap.free(first.get(word * Long.SIZE + 5));
        }
        assertEquals(2L * SLOTS - 1 - 5, heap.statistics().liveBlocks());
        heap.trim();

        Set<Long> all = new HashSet<>(first);
        all.addAll(second);
        assertTrue(all.containsAll(allocate(6)), "what was freed is given out before a run is added");
        heap.trim();
    }

    @Test
    void aRunThatIsGoneIsNoFavourite() {
        List<Long> blocks = allocate(10);
        blocks.forEach(heap::free);
        heap.trim();

        for (long block : blocks) {
            assertThrows(InvalidBlockException.class, () -> heap.free(block));
        }
        heap.free(heap.malloc(5000)); // may lie where that run did
        for (long block : blocks) {
            assertThrows(InvalidBlockException.class, () -> heap.free(block));
        }
        heap.trim();
    }

    @Test
    void aBlockThatAnotherThreadFreedIsFreedOnce() {
        List<Long> blocks = allocate(3);
        OtherThread.run(() -> heap.free(blocks.get(0)));

        assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(0)));
        heap.free(blocks.get(1));
        assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(1)));
        assertEquals(1, heap.statistics().liveBlocks());
        heap.trim();
    }

    @Test
    void anotherThreadsFreeOfTheOwnersIsRefused() {
        List<Long> blocks = allocate(2);
        heap.free(blocks.get(0));

        OtherThread.run(() -> assertThrows(InvalidBlockException.class, () -> heap.free(blocks.get(0))));
        assertEquals(1, heap.statistics().liveBlocks());
    }

    @Test
    void afterTheCloseNothingIsFreed() {
        Heap closed = Heap.create();
        long block = closed.malloc(BYTES);
        closed.close();

        assertThrows(RuntimeException.class, () -> closed.free(block));
    }
}
