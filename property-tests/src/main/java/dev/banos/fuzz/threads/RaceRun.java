package dev.banos.fuzz.threads;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.Progress;
import dev.banos.fuzz.program.Random64;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Runs a short program over and over on the same threads, which meet before each round: a race that one run in thousands
 * loses is lost soon. Within a round the threads run freely, as in {@link FreeRun}, with small random delays, so that no
 * round is like the one before.
 * <pre>
 *   thread 0   | operations ... | last to arrive: checks and frees what is live, opens the next round | operations ...
 *   thread 1   | operations ... | waits                                                               | operations ...
 * </pre>
 * One instance serves one race.
 */
public final class RaceRun<V> {
    /** Beyond this a wait gives way, since there may be more threads than processors. Who gives way sooner meets others rarely. */
    private static final int SPINS = 1000;
    private static final int LONGEST_DELAY_LOG2 = 9;
    private static final int DELAYED_ONE_IN = 2;
    private static final int YIELDS_ONE_IN = 256;
    public static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(5);
    /** One slot's count has a cache line of its own, lest the counting keep the threads in step. */
    private static final int PADDING = 8;

    private final Steps<V> steps;
    private final Operations program;
    private final Progress progress;
    private final int[] turn;
    private final int[] ofSlot;
    private final AtomicLongArray done;
    private final AtomicInteger arrived = new AtomicInteger();
    private final Queue<Thread> started = new ConcurrentLinkedQueue<>();

    private int threads;
    private int rounds;
    private long end;
    private volatile int round;
    private volatile boolean over;
    private volatile @Nullable V violation;

    public RaceRun(Steps<V> steps, Operations program, Progress progress) {
        this.steps = steps;
        this.program = program;
        this.progress = progress;
        int slots = Math.max(1, program.slots());
        turn = new int[program.length()];
        ofSlot = new int[slots];
        for (int i = 0; i < turn.length; i++) {
            if (program.kind(i) != Operations.CLOSE) {
                turn[i] = ofSlot[program.slot(i)]++;
            }
        }
        done = new AtomicLongArray(slots * PADDING);
    }

    /**
     * @param most  rounds
     * @param nanos after which the round that then runs is the last
     */
    public @Nullable V run(int most, long nanos) {
        rounds = most;
        end = System.nanoTime() + nanos;
        int[][] operations = IntStream.range(0, Operations.LARGEST_THREADS).mapToObj(this::operationsOf)
                .filter(of -> of.length > 0).toArray(int[][]::new);
        threads = operations.length;
        for (int[] mine : operations) {
            start(mine, 0, 0);
        }
        for (Thread thread = started.poll(); thread != null; thread = started.poll()) {
            join(thread); // one that leaves an heir has added it before it ends
        }
        return violation;
    }

    private int[] operationsOf(int number) {
        return IntStream.range(0, program.length())
                .filter(i -> program.thread(i) == number && program.kind(i) != Operations.CLOSE).toArray();
    }

    private void start(int[] mine, int from, int now) {
        Thread thread = new Thread(() -> live(mine, from, now), "fuzz-race-" + program.thread(mine[0]));
        thread.setDaemon(true);
        started.add(thread);
        thread.start();
    }

    /** Up to an exit: there the thread ends, and its heir goes on in the same round. */
    private void live(int[] mine, int first, int begun) {
        Random64 random = new Random64(mine[0] * 31L + begun);
        int from = first;
        for (int now = begun; ; now++) {
            for (int i = from; i < mine.length; i++) {
                delay(random);
                if (!perform(mine[i], now)) {
                    return;
                }
                if (program.kind(mine[i]) == Operations.EXIT) {
                    start(mine, i + 1, now);
                    return;
                }
            }
            from = 0;
            if (!meet(now)) {
                return;
            }
        }
    }

    private boolean perform(int index, int now) {
        int slot = program.slot(index);
        long before = (long) now * ofSlot[slot] + turn[index];
        for (int spins = 0; done.get(slot * PADDING) != before; spins++) {
            if (violation != null) {
                return false;
            }
            pause(spins);
        }
        V broken = steps.tryStep(index);
        if (broken != null) {
            violation = broken;
            return false;
        }
        done.set(slot * PADDING, before + 1);
        return true;
    }

    /** Whether there is another round. */
    private boolean meet(int now) {
        if (arrived.incrementAndGet() == threads) {
            arrived.set(0);
            V broken = steps.drain();
            if (broken != null) {
                violation = broken;
            }
            over = now + 1 >= rounds || System.nanoTime() - end > 0;
            progress.round(now + 1);
            round = now + 1;
        } else {
            for (int spins = 0; round == now && violation == null; spins++) {
                pause(spins);
            }
        }
        return violation == null && !over;
    }

    /** Often none; else from a nanosecond to about a microsecond, each order of magnitude as often as the others. */
    private static void delay(Random64 random) {
        if (random.oneIn(DELAYED_ONE_IN)) {
            for (int steps = random.below(1 << random.below(LONGEST_DELAY_LOG2)); steps > 0; steps--) {
                random.next();
            }
            if (random.oneIn(YIELDS_ONE_IN)) {
                Thread.yield();
            }
        }
    }

    private static void pause(int spins) {
        if (spins < SPINS) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
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
