package dev.banos.mem.slots;

import dev.banos.mem.system.Words;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A pool with one run of one bitmap word, in which every slot is in use: what the tests of {@link RemoteFrees} begin with. To
 * make one takes far longer than the race that it is for, so one that came out right is used again.
 */
final class FullRun {
    static final long SIZE = 20_000;
    /** The id of a thread that there is not: whoever calls is not the owner, unless a test says that it acts for it. */
    static final long NO_CALLER = Long.MAX_VALUE;
    private static final ConcurrentLinkedQueue<FullRun> IDLE = new ConcurrentLinkedQueue<>();

    final SlotPool pool = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
    final Run run;
    final long a;
    final long b;
    /** Of another class, so in another run. */
    private final long c;
    private final Run runOfC;
    private long racedFrees;

    private FullRun() {
        pool.threadId = NO_CALLER;
        a = pool.allocate(SIZE);
        b = pool.allocate(SIZE);
        run = RunTable.at(a);
        c = pool.allocate(2 * SIZE);
        runOfC = RunTable.at(c);
        fill();
    }

    static FullRun take() {
        FullRun idle = IDLE.poll();
        return idle != null ? idle : new FullRun();
    }

    private void fill() {
        fill(run, SIZE);
        fill(runOfC, 2 * SIZE);
    }

    private void fill(Run of, long size) {
        while (of.liveWord(0) != of.fullWord) {
            pool.allocate(size);
        }
    }

    boolean freeC() {
        return pool.freeFromOutside(runOfC, c);
    }

    boolean freeAsOwner(long address) {
        return run.free(address) || run.freeSlow(address);
    }

    boolean freeAsOther(long address) {
        return pool.freeFromOutside(run, address);
    }

    boolean holds(long address) {
        return run.begins(address);
    }

    /** Whether the owner has been told of what it has yet to take. */
    boolean isTold() {
        return isTold(run);
    }

    private boolean isTold(Run of) {
        return pool.hasRemoteFrees() || Words.getAcquire(of.remote) == 0;
    }

    /** {@link #settles}, where c was freed too. */
    boolean settlesWithoutC(long... freed) {
        boolean right = isTold(runOfC) && !runOfC.isLive(c);
        pool.foldRemote();
        return right && Words.getAcquire(runOfC.remote) == 0 && settles(freed);
    }

    /**
     * Whether exactly the blocks with these addresses of the run are free, before and after the owner takes what others freed, and it was
     * told of all of these. If so the run is for the next test; if not it is left as it is.
     */
    boolean settles(long... freed) {
        long live = run.fullWord;
        for (long address : freed) {
            live &= ~(1L << run.slotHolding(address));
        }
        boolean right = isTold() && run.liveWord(0) == live;
        pool.foldRemote();
        right &= run.liveWord(0) == live && Words.getAcquire(run.remote) == 0 && !pool.hasRemoteFrees();
        if (right) {
            fill();
            IDLE.add(this);
        }
        return right;
    }

    /** How many frees passed that should not have, since this was asked before. */
    long newRacedFrees() {
        long before = racedFrees;
        racedFrees = pool.counts().racedFrees();
        return racedFrees - before;
    }
}
