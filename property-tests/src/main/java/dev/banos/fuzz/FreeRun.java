package dev.banos.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Runs a program's threads at the same time. An operation waits only for the earlier ones on the same slot: that is how a
 * block is handed over. What the threads' timing does is not the seed's to decide, so a finding here may need several runs.
 *
 * <p>No deadlock: operations wait only for ones that stand earlier in the program.
 */
final class FreeRun {
    private final Interpreter interpreter;
    private volatile Violation violation;

    FreeRun(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    Violation run(Program program) {
        int[] turn = turns(program);
        AtomicIntegerArray done = new AtomicIntegerArray(Math.max(1, program.slots()));
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < Program.LARGEST_THREADS; number++) {
            int[] mine = operationsOf(program, number);
            if (mine.length > 0) {
                Thread thread = new Thread(() -> lives(program, mine, turn, done), "fuzz-free-" + number);
                thread.setDaemon(true);
                threads.add(thread);
            }
        }
        threads.forEach(Thread::start);
        threads.forEach(FreeRun::join);
        return violation;
    }

    /** For each operation, how many earlier ones there are on its slot. */
    private static int[] turns(Program program) {
        int[] turn = new int[program.length()];
        int[] next = new int[Math.max(1, program.slots())];
        for (int i = 0; i < turn.length; i++) {
            turn[i] = next[program.slot(i)]++;
        }
        return turn;
    }

    private static int[] operationsOf(Program program, int number) {
        return java.util.stream.IntStream.range(0, program.length()).filter(i -> program.thread(i) == number).toArray();
    }

    /** After each exit the number lives on in a new thread. */
    private void lives(Program program, int[] operations, int[] turn, AtomicIntegerArray done) {
        int from = 0;
        while (from < operations.length) {
            int to = from;
            while (to < operations.length && program.kind(operations[to]) != Program.EXIT) {
                to++;
            }
            int first = from;
            int end = Math.min(operations.length, to + 1);
            Thread life = new Thread(() -> live(program, operations, first, end, turn, done));
            life.setDaemon(true);
            life.start();
            join(life);
            from = end;
        }
    }

    private void live(Program program, int[] operations, int from, int to, int[] turn, AtomicIntegerArray done) {
        for (int i = from; i < to; i++) {
            int index = operations[i];
            int slot = program.slot(index);
            while (done.get(slot) != turn[index]) {
                if (violation != null) {
                    return;
                }
                Thread.onSpinWait();
                Thread.yield();
            }
            Violation broken = interpreter.tryStep(index);
            if (broken != null) {
                violation = broken;
                return;
            }
            done.set(slot, turn[index] + 1);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
