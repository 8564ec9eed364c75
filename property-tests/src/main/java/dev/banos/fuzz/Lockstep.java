package dev.banos.fuzz;

import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program's operations on their threads, but one at a time in program order: what several threads do to an allocator
 * without the luck of timing, so that a seed gives the same run each time. Thread 0 is the caller's.
 */
final class Lockstep {
    private final Interpreter interpreter;
    private final Worker[] workers = new Worker[Program.LARGEST_THREADS];

    Lockstep(Interpreter interpreter) {
        this.interpreter = interpreter;
    }

    @Nullable Violation run(Program program) {
        try {
            Violation violation = null;
            for (int from = 0; from < program.length() && violation == null; ) {
                int to = endOfTurn(program, from);
                violation = turn(program.thread(from), from, to);
                if (program.kind(to - 1) == Program.EXIT) {
                    exit(program.thread(from));
                }
                from = to;
            }
            return violation;
        } finally {
            for (int number = 0; number < workers.length; number++) {
                exit(number);
            }
        }
    }

    private static int endOfTurn(Program program, int from) {
        int to = from;
        do {
            to++;
        } while (to < program.length() && program.thread(to) == program.thread(from)
                && program.kind(to - 1) != Program.EXIT);
        return to;
    }

    private @Nullable Violation turn(int number, int from, int to) {
        if (number == 0) {
            return interpreter.range(from, to);
        }
        if (workers[number] == null) {
            interpreter.surroundings().started(() -> start(number));
        }
        return workers[number].run(from, to);
    }

    /** Until it is idle. */
    private void start(int number) {
        workers[number] = new Worker(number);
        workers[number].thread.start();
        workers[number].run(0, 0);
    }

    private void exit(int number) {
        if (workers[number] != null) {
            workers[number].end();
            workers[number] = null;
        }
    }

    /** A range of operations; the empty one ends the thread. */
    private record Turn(int from, int to) {
        static final Turn END = new Turn(0, 0);
    }

    /** What a turn came to; {@code violation} may be null, which a queue cannot carry. */
    private record Done(@Nullable Violation violation) {
    }

    private final class Worker {
        private final SynchronousQueue<Turn> turns = new SynchronousQueue<>();
        private final SynchronousQueue<Done> results = new SynchronousQueue<>();
        private final Thread thread;

        Worker(int number) {
            thread = new Thread(this::work, "fuzz-" + number);
            thread.setDaemon(true);
        }

        private void work() {
            try {
                for (Turn turn = turns.take(); turn != Turn.END; turn = turns.take()) {
                    results.put(new Done(interpreter.range(turn.from, turn.to)));
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        @Nullable Violation run(int from, int to) {
            try {
                turns.put(new Turn(from, to));
                return results.take().violation;
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted between two operations", ended);
            }
        }

        void end() {
            try {
                turns.put(Turn.END);
                thread.join();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
