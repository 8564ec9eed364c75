package dev.banos.libc.sort;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Sorts shared segments where the stack or the Java heap is at its end, in a JVM of its own, which that may kill. */
final class HeldSortChild {
    static final String STACK = "stack";
    static final String HEAP = "heap";
    static final String SURVIVED = "survived";

    private static final int RECORDS = 100;
    private static final int RECORD_BYTES = 24;
    private static final int STACKS = 15;
    private static final int STACK_BYTES = 200_000;
    private static final int SORTS_A_STACK = 20;
    private static final int FULL_HEAPS = 40;

    private static final MemorySegment DATA = Arena.ofShared().allocate(RECORDS * RECORD_BYTES, Long.BYTES);
    private static final MemorySegment TEMPORARY = Arena.ofShared().allocate(RECORDS * RECORD_BYTES, Long.BYTES);
    private static final RecordSort BY_FIRST = new RecordSort(RECORD_BYTES, Key.I64, 0);

    private static Object[] ballast = new Object[100_000];
    private static int overflows;
    private static int sorts;

    private HeldSortChild() {
    }

    public static void main(String[] args) throws InterruptedException {
        sortNumbers();
        sortRecords();
        if (args[0].equals(STACK)) {
            atEndOfStack();
        } else {
            atEndOfHeap();
        }
        sortNumbers();
        sortRecords();
        System.out.println(overflows > 0 || args[0].equals(HEAP) ? SURVIVED : "the end was never met");
    }

    private static void atEndOfStack() throws InterruptedException {
        for (int i = 0; i < STACKS; i++) {
            sorts = 0;
            Thread thread = new Thread(null, HeldSortChild::descend, "descending", STACK_BYTES + i * 64L * 17);
            thread.start();
            thread.join();
        }
    }

    /** To the end of the stack; then a sort at each depth on the way up. */
    private static void descend() {
        try {
            descend();
        } catch (StackOverflowError deepest) {
            // from here on upwards
        }
        if (sorts == SORTS_A_STACK) {
            return;
        }
        try {
            sortNumbers();
            sorts++;
        } catch (StackOverflowError | IllegalStateException tooLittleLeft) {
            overflows++;
        }
    }

    /** No test that it fails: a sort needs nothing of the heap. */
    private static void atEndOfHeap() {
        int held = 0;
        for (int i = 0; i < FULL_HEAPS; i++) {
            held = fill(held);
            try {
                sortRecords();
                sortNumbers();
            } catch (OutOfMemoryError | IllegalStateException full) {
                // an ordinary end
            }
            if (i % 3 == 0) {
                ballast[--held] = null;
            }
        }
        ballast = new Object[0];
    }

    private static int fill(int held) {
        int count = held;
        for (int bytes = 1 << 20; bytes >= 16; bytes >>= 1) {
            try {
                while (count < ballast.length) {
                    ballast[count] = new byte[bytes];
                    count++;
                }
            } catch (OutOfMemoryError full) {
                // the next smaller one
            }
        }
        return count;
    }

    private static void sortNumbers() {
        shuffle();
        RadixSort.sort(Key.I64, DATA, TEMPORARY);
    }

    private static void sortRecords() {
        shuffle();
        BY_FIRST.sort(DATA, TEMPORARY);
    }

    private static void shuffle() {
        for (int i = 0; i < RECORDS; i++) {
            DATA.set(ValueLayout.JAVA_LONG, (long) i * RECORD_BYTES, i * 37 % RECORDS);
        }
    }
}
