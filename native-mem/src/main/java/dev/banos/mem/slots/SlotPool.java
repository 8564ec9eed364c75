package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import dev.banos.thread.Tcb;
import dev.banos.thread.ThreadAttachment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Slots for the blocks of a thread or a heap: bins and runs. Everything but {@link #enqueue} is for one thread at a time, the owner:
 * the thread that the pool hangs on or that has leased it, or whoever holds its lock.
 *
 * <pre>
 *   bin(size) -> its open word                                hot: no loop, no atomic operation
 *   allocate(size) -> next word, next run, remote frees, new run
 * </pre>
 */
public final class SlotPool extends ThreadAttachment {
    /** Up to here the bin is found by one look into a table. */
    static final long QUICK_BYTES = SizeClasses.BYTES_BY_SIXTEENS;
    private static final VarHandle QUEUE = handle("queue", Run.class);
    private static final VarHandle THREAD_ID = handle("threadId", long.class);
    private static final VarHandle SECTIONS = handle("sections", int.class);

    /** More than {@link #removeRun} makes: what a run had would be lost where that broke off. */
    static final int CALLS_TO_REMOVE = 30;

    static final long NO_THREAD = -1;
    /** Has no slots: for where there is no pool. */
    public static final SlotPool NOBODY = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);

    /** Sees live slots, one by one. */
    @FunctionalInterface
    public interface Visitor {
        void slot(long address, long bytes);
    }

    public final Domain domain;
    public final Access access;
    public final SpinLock lock = new SpinLock();
    public final Sampler sampler;
    private final Bin[] bins = new Bin[SizeClasses.COUNT];
    /** By the places of {@link RecentBins}. */
    final Bin[] byPlace = new Bin[SizeClasses.PLACES];
    private final RunList runs = new RunList();
    private long racedFrees;
    /** What a bin began to serve from last, while no further word has been opened: most likely to be freed into. Null: none. */
    private @Nullable Run favourite;
    /** Where it begins; 0 for none. */
    private long favouriteBase;
    /** What a bin began to serve from, until it opens a word there. */
    private @Nullable Run begun;
    /** Set where a run made the heap reach a high-water mark: the allocation that needed it takes the slow path. */
    private boolean reachedMark;
    private boolean sampled;
    /** Who may work here without asking: the thread that this pool hangs on, or has leased it; or {@link #NO_THREAD}. */
    public long threadId = NO_THREAD;
    /** Whether the lock is held for a {@link Lease}. */
    boolean leased;
    /** Whether it was leased anew, and the {@link Purger}, which notices the lessee's end, has not been woken since. */
    boolean isUnwatched;
    /** Of a pool of virtual threads: since its last {@link #trim} something was freed in it under the lock, by a thread that had not leased it. */
    private volatile boolean freedByNoLessee;
    /** Grows where the user of the pool begins and ends work in which it might park; odd while it is at it. */
    private int sections;
    private int sectionDepth;
    private long lastThreadId;
    /** Of a pool that nobody uses: how often the purger is to come by before free pages inside its runs go; 0 for never. */
    private int passesToDiscard;
    /** What the thread that the pool hangs on has of it, made when it asked, and what then is to be done when it ends. */
    private @Nullable Object handle;
    private @Nullable Runnable disown;

    /** Changes under the lock of {@link ThreadPools}. */
    @Nullable SlotPool nextAbandoned;

    /** A stack of runs in which other threads freed slots. */
    private @Nullable Run queue;

    public SlotPool(Domain domain, Access access) {
        this.domain = domain;
        this.access = access;
        this.sampler = new Sampler(domain.leaks, access != Access.TRACKED && access != Access.HARDENED);
        createBins();
    }

    private void createBins() {
        for (int i = 0; i < bins.length; i++) {
            bins[i] = new Bin(this, i);
        }
        for (int i = 0; i < byPlace.length; i++) {
            byPlace[i] = bins[SizeClasses.atPlace(i)];
        }
    }

    /** The bin whose slots serve blocks of {@code size} bytes; {@link Bin#NEVER} where no slot does. */
    public Bin bin(long size) {
        return Long.compareUnsigned(size, QUICK_BYTES) <= 0
                ? byPlace[(int) (size + SizeClasses.ALIGNMENT - 1) >>> SizeClasses.LOG_ALIGNMENT]
                : binOfLarger(size);
    }

    private Bin binOfLarger(long size) {
        return Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) < 0 ? bins[SizeClasses.indexOf(size)] : Bin.NEVER;
    }

    /** @return the address of a slot of at least {@code size} bytes, or 0: too large for a slot, or no memory */
    public long allocate(long size) {
        Bin bin = bin(size);
        long slot = bin.next();
        if (slot != 0) {
            return bin.take(slot);
        }
        return bin != Bin.NEVER ? bin.takeSlow() : 0;
    }

    /**
     * {@link #allocate} with samples and high-water marks in mind.
     *
     * @return an address; 0: no memory; or less than 0: a sample is due, and this is its weight with the sign changed
     */
    public long attempt(long size) {
        long address = sampler.isDue() ? 0 : allocate(size);
        if (takeReachedMark() && address == 0) {
            address = allocate(size); // from the word that the mark stopped
        }
        return address == 0 && sampler.isDue() ? -sampler.takeWeight(size) : address;
    }

    /**
     * Whether each allocation is counted for a sample, so that none may be served from an open word. Who begins to want
     * samples is noticed when any bin looks for a word; then all bins come to do so.
     */
    boolean isSampled() {
        boolean wanted = sampler.isWanted();
        if (wanted && !sampled) {
            for (Bin bin : bins) {
                bin.closeWord();
            }
        }
        sampled = wanted;
        return wanted;
    }

    /**
     * The free of a thread that does not own this pool.
     *
     * @return whether {@code address} was a live block of {@code run}; false as well when the heap has been closed
     *     meanwhile; if not, nothing has changed
     */
    boolean freeFromOutside(Run run, long address) {
        // No switch: its table is a class, which the first to come here would have to make, also where Java's heap is full.
        if (access == Access.OWN_THREAD) {
            return run.freeRemotely(address);
        }
        if (access == Access.SHARED) {
            lock.lock();
            return freeAndUnlock(run, address);
        }
        if (access == Access.STRIPED) {
            return freeStriped(run, address);
        }
        if (access == Access.TRACKED) {
            return Objects.requireNonNull(domain.tracked).free(address);
        }
        return access == Access.CONFINED && freeConfined(run, address); // a hardened heap's frees never come here
    }

    private boolean freeConfined(Run run, long address) {
        lock.lock();
        try {
            return !domain.isClosed() && run.freeRemotely(address);
        } finally {
            lock.unlock();
        }
    }

    /**
     * The free of a block that is a slot of {@code run}, by whatever thread.
     *
     * @param mine the pool that the calling thread owns, if it does
     * @param through the domain whose blocks may be freed
     * @return as {@link #freeFromOutside}; where this throws, nothing has changed
     */
    public static boolean free(@Nullable SlotPool mine, Run run, long address, Domain through) {
        SlotPool owner = run.owner;
        return owner == mine ? run.freeOrNothing(address) : owner.domain == through && owner.freeFromOutside(run, address);
    }

    private boolean freeStriped(Run run, long address) {
        if (threadId == Thread.currentThread().threadId()) {
            return run.freeOrNothing(address);
        }
        if (!lock.tryLock()) {
            return run.freeRemotely(address);
        }
        boolean isFirst = !freedByNoLessee;
        freedByNoLessee = true;
        try {
            return freeAndUnlock(run, address);
        } finally {
            if (isFirst) {
                Purger.wakeIfPossible(); // perhaps nobody leases the pool again
            }
        }
    }

    private boolean freeAndUnlock(Run run, long address) {
        try {
            return !domain.isClosed() && !run.retired && run.freeOrNothing(address);
        } finally {
            lock.unlock();
        }
    }

    /**
     * The owner's free, which looks first whether the block lies in the favourite run: in a loop over few blocks the compiler then
     * keeps that run's fields in registers, instead of looking each block's run up.
     *
     * @return whether a live block of this pool began there, and nobody else's frees are to be asked; if not, nothing has changed
     */
    public boolean free(long address) {
        return freeInFavourite(address) || freeElsewhere(address);
    }

    private boolean freeInFavourite(long address) {
        long offset = address - favouriteBase;
        Run run = favourite;
        return offset >>> RunTable.LOG_SPAN == 0 && run != null && run.freeQuietly(offset);
    }

    private boolean freeElsewhere(long address) {
        Run run = RunTable.likely(address);
        return run.owner == this && run.free(address);
    }

    /** Of a bin that begins to serve from {@code run}. */
    void begun(Run run) {
        begun = run;
        if (threadId != NO_THREAD) {
            ThreadPools.guess(threadId, run);
        }
    }

    /**
     * Of a bin that takes its next slots from a word of {@code run}. A run of few slots is no favourite: the fewer hits there are
     * among many frees, the surer the compiler leaves out what a hit would do.
     */
    void opened(Run run) {
        boolean favours = run == begun && run.words() > 1;
        favourite = favours ? run : null;
        favouriteBase = favours ? run.base : 0;
        begun = null;
    }

    boolean favours(Run run) {
        return run == favourite;
    }

    /** Of a bin that no longer serves from {@code run}. */
    void left(Run run) {
        if (run == favourite) {
            favourite = null;
            favouriteBase = 0;
        }
    }

    /** Any thread: tells the owner that there are remote frees in {@code run}. */
    void enqueue(Run run) {
        Run head = (Run) QUEUE.getOpaque(this);
        while (true) {
            run.nextQueued = head;
            Run witness = (Run) QUEUE.compareAndExchange(this, head, run);
            if (witness == head) {
                break;
            }
            head = witness;
        }
        if (access == Access.STRIPED || access == Access.OWN_THREAD && threadIdVolatile() == NO_THREAD) {
            Purger.wakeIfPossible(); // perhaps nobody else would look into the queue
        }
    }

    /**
     * Must come before anything that may park the calling thread while the pool is in its hands; pairs nest. Where there is no stack for
     * the handle, which takes several frames in the interpreter, nothing has begun.
     */
    void beginWork() {
        if (sectionDepth == 0) {
            SECTIONS.setOpaque(this, sections + 1);
        }
        sectionDepth++;
    }

    /** Never throws: nobody would take a pool for idle any more. Where there is no stack for the handle, the field is written. */
    void endWork() {
        if (--sectionDepth == 0) {
            try {
                SECTIONS.setOpaque(this, sections + 1);
            } catch (StackOverflowError atTheEnd) {
                sections++;
            }
        }
    }

    /** For {@link Lease}: another number than before says that there was work, an odd one that there is. */
    int workSections() {
        return (int) SECTIONS.getAcquire(this);
    }

    void threadIdVolatile(long id) {
        THREAD_ID.setVolatile(this, id);
    }

    long threadIdVolatile() {
        return (long) THREAD_ID.getVolatile(this);
    }

    /** Of the thread that this pool hangs on; null before {@link #handle(Object, Runnable)}. */
    public @Nullable Object handle() {
        return handle;
    }

    /** @param atTheEnd is run when the thread has ended, or is about to, and the pool may be another's soon */
    public void handle(Object made, Runnable atTheEnd) {
        handle = made;
        disown = atTheEnd;
    }

    void adoptedBy(Thread owner) {
        threadId = owner.threadId();
        lastThreadId = threadId;
        handle = null;
        disown = null;
    }

    /** Takes what other threads freed. */
    void foldRemote() {
        if ((Run) QUEUE.getOpaque(this) == null) {
            return;
        }
        Run run = (Run) QUEUE.getAndSet(this, (Run) null);
        while (run != null) {
            Run following = run.nextQueued;
            run.nextQueued = null;
            racedFrees += run.foldRemote();
            run = following;
        }
    }

    boolean hasRemoteFrees() {
        return (Run) QUEUE.getOpaque(this) != null;
    }

    /** Whether there is something to {@link #trim} that no thread looks after. */
    boolean isToTrim() {
        return hasRemoteFrees() || freedByNoLessee;
    }

    /** Gives back all runs without a live slot. */
    public void trim() {
        freedByNoLessee = false;
        foldRemote();
        for (Bin bin : bins) {
            bin.close();
            bin.retireEmpty();
        }
        assert isValid();
    }

    /** Gives back whole free pages inside all runs; after {@link #trim}, which gives back the empty ones. */
    public void discardFreePages() {
        passesToDiscard = 0;
        for (int i = 0; i < runs.count(); i++) {
            discardFreePages(i);
        }
    }

    /** Of one run. @return whether there is a run of that number */
    boolean discardFreePages(int index) {
        if (index >= runs.count()) {
            return false;
        }
        beginWork();
        try {
            FreePages.discard(runs.at(index));
        } finally {
            endWork();
        }
        return true;
    }

    /** For a pool that nobody will use for a while: its free pages go at the second {@link #pass}. @return whether it has any run */
    boolean discardLater() {
        passesToDiscard = runs.count() == 0 ? 0 : 2;
        return passesToDiscard > 0;
    }

    boolean isToDiscard() {
        return passesToDiscard > 0;
    }

    /** The purger comes by. */
    void pass() {
        if (passesToDiscard > 0 && --passesToDiscard == 0) {
            discardFreePages();
        }
    }

    /** Gives back all runs, whatever lives in them. */
    public void destroy() {
        for (int i = runs.count() - 1; i >= 0; i--) {
            StackRoom.require(CALLS_TO_REMOVE);
            removeRun(runs.at(i));
        }
        for (Bin bin : bins) {
            bin.forgetRuns();
        }
    }

    /** @return null when the system has no more, or the heap's budget */
    @Nullable Run addRun(Bin bin) {
        // Before the locks of spans and bitmaps, which are held over calls of the kernel, and those need it: making a control
        // block releases ended threads, and with them runs, through the same locks.
        Tcb.current();
        trimBeforeGrowth();
        runs.makeRoom();
        Run run = Run.make(bin);
        if (run != null) {
            reachedMark |= domain.budget.isCallDue();
            runs.add(run);
        }
        return run;
    }

    /**
     * A bin keeps an empty run for the next burst, and pages that were in use once. When the pool is about to be larger than
     * ever, they serve other bins first; not at each run that is added, or bins that are used by turns would take it from
     * each other each time. The kernel is not called where others may wait for the lock.
     */
    private void trimBeforeGrowth() {
        if (runs.isTrimDue()) {
            trim();
            if (access == Access.OWN_THREAD || access == Access.CONFINED || leased) {
                discardFreePages();
            }
            runs.trimmed();
        }
    }

    /** Whether a high-water mark has stopped an allocation, which can be tried again now. */
    public boolean takeReachedMark() {
        boolean stopped = reachedMark;
        reachedMark = false;
        return stopped;
    }

    boolean hasReachedMark() {
        return reachedMark;
    }

    /** Where there is stack for {@link #CALLS_TO_REMOVE}. */
    void removeRun(Run run) {
        beginWork();
        try {
            remove(run);
        } finally {
            endWork();
        }
    }

    private void remove(Run run) {
        run.retired = true;
        left(run);
        RunTable.remove(run);
        runs.remove(run);
        run.giveBackMemory();
    }

    /** What the pool holds; exact when nobody else works on it. */
    public SlotCounts counts() {
        return runs.counts().plusRacedFrees(racedFrees);
    }

    public void walk(Visitor visitor) {
        runs.walk(visitor);
    }

    /** Those of ended threads wait for the next thread, or to be trimmed, from now on. */
    public static void abandonAllOfEndedThreads() {
        noticeEndedThreads();
    }

    @Override
    protected void threadEnded() {
        if (disown != null) {
            disown.run(); // by a thread that has a little to run still
        }
        if (ThreadPools.abandon(this)) {
            Purger.wake();
        }
    }

    @Override
    public String toString() {
        return domain + (access == Access.OWN_THREAD ? " of thread " + lastThreadId : "");
    }

    /** The invariants of every run; true, or an {@link AssertionError}. */
    boolean isValid() {
        assert runs.isValid();
        assert favouriteBase == (favourite == null ? 0 : favourite.base) : "the favourite run does not begin there";
        assert favourite == null || favourite.watched == 0 && !favourite.retired : "no bin serves from the favourite run";
        return true;
    }

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(SlotPool.class, field, type).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
