package dev.banos.fuzz.threads;

import dev.banos.fuzz.program.Operations;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program's threads at the same time. An operation waits only for the earlier ones on the same slot: that is how a
 * block is handed over. What the threads' timing does is not the seed's to decide, so a finding here may need several runs.
 *
 * <p>No deadlock: operations wait only for ones that stand earlier in the program. One instance serves one run.
 */
public final class FreeRun<V> {
    private final Steps<V> steps;
    private final Operations program;

    /** For each operation, how many earlier ones there are on its slot; for each slot, how many are done. */
    private final int[] turn;
    private final AtomicIntegerArray done;

    private final Queue<Thread> started = new ConcurrentLinkedQueue<>();
    private volatile @Nullable V violation;

    public FreeRun(Steps<V> steps, Operations program) {
        this.steps = steps;
        this.program = program;
        turn = turns(program);
        done = new AtomicIntegerArray(Math.max(1, program.slots()));
    }

    public @Nullable V run() {
        for (int number = 0; number < Operations.LARGEST_THREADS; number++) {
            int[] operations = operationsOf(number);
            if (operations.length > 0) {
                start(operations, 0);
            }
        }
        for (Thread thread = started.poll(); thread != null; thread = started.poll()) {
            join(thread); // one that leaves an heir has added it before it ends
        }
        return violation;
    }

    private static int[] turns(Operations program) {
        int[] turn = new int[program.length()];
        int[] next = new int[Math.max(1, program.slots())];
        for (int i = 0; i < turn.length; i++) {
            if (program.kind(i) != Operations.CLOSE) { // which no thread performs
                turn[i] = next[program.slot(i)]++;
            }
        }
        return turn;
    }

    private int[] operationsOf(int number) {
        return IntStream.range(0, program.length())
                .filter(i -> program.thread(i) == number && program.kind(i) != Operations.CLOSE).toArray();
    }

    private void start(int[] operations, int from) {
        Thread thread = new Thread(() -> live(operations, from), "fuzz-free-" + program.thread(operations[from]));
        thread.setDaemon(true);
        started.add(thread);
        thread.start();
    }

    /** Up to the next exit: there the thread ends, and its number lives on in another. */
    private void live(int[] operations, int from) {
        for (int i = from; i < operations.length; i++) {
            int index = operations[i];
            if (!await(program.slot(index), turn[index])) {
                return;
            }
            V broken = steps.tryStep(index);
            if (broken != null) {
                violation = broken;
                return;
            }
            done.set(program.slot(index), turn[index] + 1);
            if (program.kind(index) == Operations.EXIT && i + 1 < operations.length) {
                start(operations, i + 1);
                return;
            }
        }
    }

    /** Whether it is this operation's turn now; false once a law broke. */
    private boolean await(int slot, int before) {
        while (done.get(slot) != before) {
            if (violation != null) {
                return false;
            }
            Thread.yield();
        }
        return true;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
