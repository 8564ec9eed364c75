package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Sorts numbers where the stack is at its end: whichever way a sort goes, these stay the same numbers. */
final class NumbersAtTheEndChild {
    static final String SAME = "the same numbers";

    private static final int COUNT = (int) (NumberIntrosort.PART_BYTES / Long.BYTES) * 2 + 1; // so that numbers are partitioned
    private static final int STACKS = 12;
    private static final int STACK_BYTES = 200_000;

    private static final long[] NUMBERS = new Random(3).longs(COUNT).toArray();
    private static final long SUM = sum(MemorySegment.ofArray(NUMBERS));
    private static final MemorySegment DATA = Arena.global().allocate(JAVA_LONG, COUNT);
    private static final MemorySegment TEMPORARY = Arena.global().allocate(JAVA_LONG, COUNT);

    private static int overflows;
    private static boolean isDone;

    private NumbersAtTheEndChild() {
    }

    public static void main(String[] args) throws InterruptedException {
        fill();
        Introsort.sort(Key.U64, DATA);
        Runnable[] sorts = {() -> Introsort.sort(Key.U64, DATA), () -> Introsort.sort(Key.F64, DATA),
                () -> RadixSort.sort(Key.F64, DATA, TEMPORARY)};
        for (Runnable sort : sorts) {
            for (int i = 0; i < STACKS; i++) {
                fill();
                isDone = false;
                Thread thread = new Thread(null, () -> descend(sort), "descending", STACK_BYTES + i * 48L);
                thread.start();
                thread.join();
            }
        }
        System.out.println(overflows > 0 ? SAME : "the end was never met");
    }

    private static void fill() {
        MemorySegment.copy(NUMBERS, 0, DATA, JAVA_LONG, 0, COUNT);
    }

    /** To the end of the stack; then a sort at each depth on the way up, until one comes through. */
    private static void descend(Runnable sort) {
        try {
            descend(sort);
        } catch (StackOverflowError deepest) {
            // from here on upwards
        }
        if (isDone) {
            return;
        }
        try {
            sort.run();
            isDone = true;
        } catch (StackOverflowError tooLittleLeft) {
            overflows++;
            if (DATA.getAtIndex(JAVA_LONG, 0) == NUMBERS[0]) {
                return; // nothing was touched, as far as one look tells
            }
        }
        if (sum(DATA) != SUM) {
            System.out.println("other numbers");
            System.exit(1);
        }
    }

    private static long sum(MemorySegment data) {
        long sum = 0;
        for (int i = 0; i < COUNT; i++) {
            sum += data.getAtIndex(JAVA_LONG, i);
        }
        return sum;
    }
}
