package dev.banos.interleave;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Runs a scenario of a few threads again and again, one thread at a time, until every order of their steps has been tried
 * that has at most so many preemptions. A step is an access to what the threads share; {@link SteppingLoader} puts a call of
 * {@link #step} in front of each. Orders are those of sequential consistency: what a processor reorders is not seen here.
 */
public final class Interleavings {
    /** Made anew for each order. */
    public interface Scenario {
        /** What each thread does; what it throws is a failure. */
        List<Runnable> threads();

        /** After all have ended. @throws AssertionError if something is wrong */
        void check();
    }

    private static final int MOST_STEPS = 20_000;
    private static Interleavings running;

    private final int bound;
    private final List<Worker> workers = new ArrayList<>();
    /** For each decision of the present order: which option was taken, and how many there were. */
    private final List<int[]> decisions = new ArrayList<>();
    private final Semaphore ended = new Semaphore(0);
    private int depth;
    private int preemptions;
    private int steps;
    private Throwable failure;

    private Interleavings(int bound) {
        this.bound = bound;
    }

    /**
     * @param bound how often a thread that could go on may be stopped in favour of another
     * @return how many orders there were
     */
    public static int explore(Supplier<Scenario> scenarios, int bound) throws InterruptedException {
        running = new Interleavings(bound);
        try {
            return running.exploreAll(scenarios);
        } finally {
            running.workers.forEach(Thread::interrupt);
            running = null;
        }
    }

    private int exploreAll(Supplier<Scenario> scenarios) throws InterruptedException {
        int orders = 0;
        do {
            Scenario scenario = scenarios.get();
            runOnce(scenario.threads());
            orders++;
            try {
                if (failure == null) {
                    scenario.check();
                }
            } catch (RuntimeException | AssertionError wrong) {
                failure = wrong;
            }
            if (failure != null) {
                throw new AssertionError("in order " + orders + ": " + failure, failure);
            }
        } while (nextOrder());
        return orders;
    }

    private void runOnce(List<Runnable> bodies) throws InterruptedException {
        depth = 0;
        preemptions = 0;
        steps = 0;
        while (workers.size() < bodies.size()) {
            Worker worker = new Worker(this);
            workers.add(worker);
            worker.start();
        }
        for (int i = 0; i < bodies.size(); i++) {
            workers.get(i).body = bodies.get(i);
        }
        runnable().get(decide(bodies.size())).turn.release();
        if (!ended.tryAcquire(60, TimeUnit.SECONDS)) {
            throw new AssertionError("the threads wait for each other: " + workers.stream().map(Interleavings::where).toList());
        }
    }

    private static String where(Worker worker) {
        return List.of(worker.getStackTrace()).toString();
    }

    /** The last decision that has an option left takes it; those after it begin anew. */
    private boolean nextOrder() {
        while (!decisions.isEmpty()) {
            int[] last = decisions.getLast();
            if (++last[0] < last[1]) {
                return true;
            }
            decisions.removeLast();
        }
        return false;
    }

    private int decide(int options) {
        if (options == 1) {
            return 0;
        }
        if (depth == decisions.size()) {
            decisions.add(new int[] {0, options});
        }
        int[] decision = decisions.get(depth++);
        if (decision[1] != options) {
            throw new AssertionError("the scenario is not the same each time: " + options + " options, before " + decision[1]);
        }
        return decision[0];
    }

    private List<Worker> runnable() {
        return workers.stream().filter(worker -> worker.body != null).toList();
    }

    /** Called before each step of any thread; those that are not of a scenario go on. */
    public static void step() {
        if (Thread.currentThread() instanceof Worker worker) {
            worker.explorer.stepOf(worker);
        }
    }

    /** Called where a thread waits for a lock: another has to go on. */
    public static void waits() {
        if (Thread.currentThread() instanceof Worker worker) {
            List<Worker> others = worker.explorer.runnable();
            worker.explorer.handOver(worker, others.get((others.indexOf(worker) + 1) % others.size()));
        }
    }

    /** In the place of a lock that parks. */
    public static void lock(ReentrantLock lock) {
        while (!lock.tryLock()) {
            waits();
        }
    }

    private void stepOf(Worker worker) {
        if (++steps > MOST_STEPS) {
            throw new AssertionError("no end after " + MOST_STEPS + " steps");
        }
        if (preemptions == bound) {
            return;
        }
        List<Worker> options = new ArrayList<>(runnable());
        options.remove(worker);
        options.addFirst(worker);
        Worker next = options.get(decide(options.size()));
        if (next != worker) {
            preemptions++;
            handOver(worker, next);
        }
    }

    private void handOver(Worker from, Worker to) {
        if (to != from) {
            to.turn.release();
            from.turn.acquireUninterruptibly();
        }
    }

    private void endOf(Worker worker, Throwable thrown) {
        worker.body = null;
        failure = thrown != null ? thrown : failure;
        List<Worker> left = runnable();
        if (left.isEmpty()) {
            ended.release();
        } else {
            left.get(decide(left.size())).turn.release();
        }
    }

    private static final class Worker extends Thread {
        private final Interleavings explorer;
        private final Semaphore turn = new Semaphore(0);
        private Runnable body;

        private Worker(Interleavings explorer) {
            this.explorer = explorer;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                while (true) {
                    turn.acquire();
                    Throwable thrown = null;
                    try {
                        body.run();
                    } catch (Throwable any) {
                        thrown = any;
                    }
                    explorer.endOf(this, thrown);
                }
            } catch (InterruptedException end) {
                interrupt();
            }
        }
    }
}
