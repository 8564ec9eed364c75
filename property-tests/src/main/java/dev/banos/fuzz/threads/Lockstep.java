package dev.banos.fuzz.threads;

import dev.banos.fuzz.program.Operations;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import org.jspecify.annotations.Nullable;

/**
 * Runs a program's operations on their threads, but one at a time in program order: what several threads do to an allocator
 * without the luck of timing, so that a seed gives the same run each time. Thread 0 is the caller's.
 */
public final class Lockstep<V> {
    private final Steps<V> steps;
    private final Map<Integer, Worker> workers = new HashMap<>();

    public Lockstep(Steps<V> steps) {
        this.steps = steps;
    }

    public @Nullable V run(Operations program) {
        try {
            V violation = null;
            for (int from = 0; from < program.length() && violation == null; ) {
                int to = endOfTurn(program, from);
                violation = turn(program.thread(from), from, to);
                if (program.kind(to - 1) == Operations.EXIT) {
                    exit(program.thread(from));
                }
                from = to;
            }
            return violation;
        } finally {
            for (int number = 0; number < Operations.LARGEST_THREADS; number++) {
                exit(number);
            }
        }
    }

    private static int endOfTurn(Operations program, int from) {
        int to = from;
        do {
            to++;
        } while (to < program.length() && program.thread(to) == program.thread(from)
                && program.kind(to - 1) != Operations.EXIT);
        return to;
    }

    private @Nullable V turn(int number, int from, int to) {
        if (number == 0) {
            return steps.range(from, to);
        }
        Worker worker = workers.get(number);
        if (worker == null) {
            Worker made = new Worker(number);
            steps.starting(made::start);
            workers.put(number, made);
            worker = made;
        }
        return worker.run(from, to);
    }

    private void exit(int number) {
        Worker worker = workers.remove(number);
        if (worker != null) {
            worker.end();
        }
    }

    /** A range of operations; the empty one ends the thread. */
    private record Turn(int from, int to) {
        static final Turn END = new Turn(0, 0);
    }

    /** What a turn came to; {@code violation} may be null, which a queue cannot carry. */
    private record Done<V>(@Nullable V violation) {
    }

    private final class Worker {
        private final SynchronousQueue<Turn> turns = new SynchronousQueue<>();
        private final SynchronousQueue<Done<V>> results = new SynchronousQueue<>();
        private final Thread thread;

        Worker(int number) {
            thread = new Thread(this::work, "fuzz-" + number);
            thread.setDaemon(true);
        }

        /** Until it is idle. */
        void start() {
            thread.start();
            run(0, 0);
        }

        private void work() {
            try {
                for (Turn turn = turns.take(); turn != Turn.END; turn = turns.take()) {
                    results.put(new Done<>(steps.range(turn.from, turn.to)));
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        @Nullable V run(int from, int to) {
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
