package dev.banos.fuzz;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Makes a program from a seed. The program is made as if every request will be served and never looks at the allocator: so
 * the seed alone decides it, and it can be made again after a crash.
 *
 * <p>Each program draws its own mixture of actions, its style of sizes and its length; uniform mixtures reach neither a full
 * arena nor an empty one.
 */
final class Generator {
    private static final int SLOTS = 1024;
    private static final int SHORTEST = 4;
    private static final int LONGEST_OF_LARGE = 32;
    private static final int LARGEST_ALIGNMENT_LOG2 = 21;
    private static final int PROGRAMS_THAT_CLOSE = 8;

    private final Promises promises;
    private final int maxOperations;
    private final int maxThreads;
    private final Program program;

    private final long[] sizes = new long[SLOTS];
    private final int[] live = new int[SLOTS];
    private final int[] placeInLive = new int[SLOTS];
    private final int[] empty = new int[SLOTS];
    private final int[] weights = new int[Action.values().length];

    @SuppressWarnings("NullAway.Init")
    private Random64 random;
    @SuppressWarnings("NullAway.Init")
    private Sizes sizing;
    private int liveCount;
    private int emptyCount;
    private long liveBytes;
    private int length;
    private int threads;
    private int thread;
    private boolean freely;
    private boolean closes;

    private enum Action {
        ALLOCATE, ALLOCATE_ALIGNED, FREE_NEWEST, FREE_OLDEST, FREE_ANY, RESIZE, REPLACE, CHECK, FILL, CHECKERBOARD, DRAIN,
        GROW_CHAIN, CROSS, ZERO, IMPOSSIBLE, MISALIGNED, WRONG_FREE, CLOSE, SWITCH_THREAD, EXIT_THREAD
    }

    Generator(Promises promises, int maxOperations, int maxThreads) {
        this.promises = promises;
        this.maxOperations = maxOperations;
        this.maxThreads = promises.threads() ? maxThreads : 1;
        program = new Program(maxOperations);
    }

    /**
     * The program of this seed, valid until the next call.
     *
     * @param freely for threads that run at the same time: without wrong frees, whose address another thread may own by then
     */
    Program generate(long seed, boolean freely) {
        begin(seed, freely);
        int total = total();
        while (program.length() < length) {
            act(pick(total));
        }
        if (closes) {
            close();
        }
        return program;
    }

    private void begin(long seed, boolean freely) {
        random = new Random64(seed);
        this.freely = freely;
        program.clear();
        sizing = new Sizes(random);
        liveCount = 0;
        liveBytes = 0;
        emptyCount = SLOTS;
        Arrays.setAll(empty, i -> SLOTS - 1 - i);
        thread = 0;
        threads = maxThreads == 1 || !freely && random.oneIn(2) ? 1 : 2 + random.below(maxThreads - 1);
        int longest = 64 - Long.numberOfLeadingZeros(Math.max(SHORTEST, maxOperations));
        int longestHere = sizing.areLarge() ? LONGEST_OF_LARGE : maxOperations;
        length = (int) Math.min(longestHere, random.between(SHORTEST, SHORTEST << random.below(longest)));
        closes = promises.returnsAtClose() && random.oneIn(PROGRAMS_THAT_CLOSE);
        drawWeights();
    }

    private void drawWeights() {
        for (Action action : Action.values()) {
            weights[action.ordinal()] = base(action) * (1 + random.below(4)) / (1 + random.below(3));
        }
        if (threads > 1) {
            weights[Action.SWITCH_THREAD.ordinal()] = freely ? 60 : 12;
            weights[Action.EXIT_THREAD.ordinal()] = 1;
        }
    }

    private int base(Action action) {
        return switch (action) {
            case ALLOCATE -> 60;
            case FREE_ANY, RESIZE -> 25;
            case FREE_NEWEST, FREE_OLDEST, REPLACE -> 12;
            case ALLOCATE_ALIGNED -> promises.largestAlignment() == 0 ? 0 : 6;
            case CHECK -> 8;
            case ZERO, IMPOSSIBLE -> 2;
            case FILL, CHECKERBOARD, GROW_CHAIN, CROSS, DRAIN -> 1;
            case MISALIGNED -> promises.checksAlignments() && promises.largestAlignment() > 0 ? 1 : 0;
            case WRONG_FREE -> promises.checksFrees() && !freely ? 2 : 0;
            case CLOSE -> closes && !freely ? 1 : 0;
            case SWITCH_THREAD, EXIT_THREAD -> 0;
        };
    }

    private int total() {
        return Arrays.stream(weights).sum();
    }

    private static final Action[] ACTIONS = Action.values();

    private Action pick(int total) {
        int draw = random.below(total);
        int action = 0;
        while (draw >= weights[action]) {
            draw -= weights[action++];
        }
        return ACTIONS[action];
    }

    private void act(Action action) {
        switch (action) {
            case ALLOCATE -> allocate(sizing.next());
            case ALLOCATE_ALIGNED -> allocateAligned();
            case FREE_NEWEST -> free(liveCount - 1);
            case FREE_OLDEST -> free(0);
            case FREE_ANY -> free(anyLive());
            case RESIZE -> resize(anyLive());
            case REPLACE -> replace();
            case CHECK -> check(anyLive());
            default -> actRarely(action);
        }
    }

    private void actRarely(Action action) {
        switch (action) {
            case FILL -> fill();
            case CHECKERBOARD -> checkerboard();
            case DRAIN -> drain();
            case GROW_CHAIN -> growChain();
            case CROSS -> crossBoundary();
            case ZERO -> zero();
            case IMPOSSIBLE -> impossible();
            case MISALIGNED -> program.add(Program.MISALIGNED, 0, thread, 0, (1L << 3 + random.below(10)) + 1 + random.below(7));
            case WRONG_FREE -> wrongFree();
            case CLOSE -> close();
            case SWITCH_THREAD -> thread = random.below(threads);
            case EXIT_THREAD -> exitThread();
            default -> throw new IllegalStateException("action=" + action);
        }
    }

    private void allocate(long size) {
        int draw = random.below(16);
        if (draw == 0) {
            add(Program.REALLOC, 0, size);
        } else if (draw < 5) {
            int log2 = Math.min(random.below(5), 63 - Long.numberOfLeadingZeros(Math.max(1, size)));
            add(Program.CALLOC, log2, size >> log2);
        } else {
            add(Program.MALLOC, 0, size);
        }
    }

    private void allocateAligned() {
        int most = Math.min(LARGEST_ALIGNMENT_LOG2, 63 - Long.numberOfLeadingZeros(promises.largestAlignment()));
        int log2 = 3 + random.below(random.oneIn(10) ? most - 2 : Math.min(most - 2, 11));
        add(Program.ALIGNED, log2, sizing.next());
    }

    private void add(int kind, int log2, long size) {
        if (emptyCount == 0 || liveBytes + size > sizing.budget()) {
            drain();
            return;
        }
        int slot = empty[--emptyCount];
        program.add(kind, log2, thread, slot, size);
        long bytes = kind == Program.CALLOC ? size << log2 : size;
        sizes[slot] = bytes;
        liveBytes += bytes;
        placeInLive[slot] = liveCount;
        live[liveCount++] = slot;
    }

    private int anyLive() {
        return liveCount == 0 ? -1 : random.below(liveCount);
    }

    private void free(int place) {
        if (place < 0 || liveCount == 0) {
            return;
        }
        int slot = live[place];
        boolean twice = promises.checksFrees() && !freely && random.oneIn(64);
        program.add(twice ? Program.FREE_TWICE : Program.FREE, 0, thread, slot, 0);
        forget(slot);
    }

    private void forget(int slot) {
        liveBytes -= sizes[slot];
        int place = placeInLive[slot];
        int last = live[--liveCount];
        live[place] = last;
        placeInLive[last] = place;
        empty[emptyCount++] = slot;
    }

    private void resize(int place) {
        if (place < 0) {
            return;
        }
        int slot = live[place];
        resizeTo(slot, sizing.resized(sizes[slot]));
    }

    private void resizeTo(int slot, long size) {
        if (liveBytes + size - sizes[slot] <= sizing.budget()) {
            program.add(Program.REALLOC, 0, thread, slot, size);
            liveBytes += size - sizes[slot];
            sizes[slot] = size;
        }
    }

    /** A free and at once a request of the same size, or nearly: the memory comes back with its old contents. */
    private void replace() {
        int place = anyLive();
        if (place >= 0) {
            long size = sizes[live[place]];
            free(place);
            allocate(random.oneIn(3) ? Math.max(0, size - random.below(16)) : size);
        }
    }

    private void check(int place) {
        if (place >= 0) {
            program.add(Program.CHECK, 0, thread, live[place], 0);
        }
    }

    private void fill() {
        long size = sizing.next();
        int count = 8 << random.below(6);
        for (int i = 0; i < count && emptyCount > 0 && liveBytes + size <= sizing.budget(); i++) {
            allocate(size);
        }
    }

    /** Frees every other block: what is left has a hole on each side. */
    private void checkerboard() {
        for (int place = liveCount - 1; place >= 0; place -= 2) {
            free(place);
        }
    }

    private void drain() {
        boolean fromOldest = random.oneIn(2);
        int keep = random.oneIn(2) ? 0 : liveCount / 8;
        while (liveCount > keep) {
            free(fromOldest ? 0 : liveCount - 1);
        }
    }

    /** One block that grows or shrinks step by step while its neighbours stay. */
    private void growChain() {
        int place = anyLive();
        if (place < 0) {
            return;
        }
        int slot = live[place];
        for (int steps = 2 + random.below(8); steps > 0; steps--) {
            resize(placeInLive[slot]);
            if (random.oneIn(2)) {
                allocate(sizes[slot]);
            }
        }
    }

    /** Realloc up and down across a boundary, often with a new block in between that may be the neighbour. */
    private void crossBoundary() {
        int place = anyLive();
        if (place < 0) {
            return;
        }
        int slot = live[place];
        long boundary = sizing.crossing();
        boolean upFirst = random.oneIn(2);
        for (int steps = 2 + random.below(4); steps > 0; steps--) {
            boolean up = upFirst == ((steps & 1) == 1);
            long distance = random.oneIn(2) ? random.below(2) : random.below(64);
            resizeTo(slot, Math.max(1, up ? boundary + distance : boundary - 1 - distance));
            if (random.oneIn(3)) {
                allocate(random.oneIn(2) ? sizes[slot] : sizing.next());
            }
        }
    }

    /** All blocks go with their heap; whoever closes it is the first thread. */
    private void close() {
        program.add(Program.CLOSE, 0, 0, 0, 0);
        while (liveCount > 0) {
            forget(live[liveCount - 1]);
        }
    }

    private void zero() {
        int place = anyLive();
        if (place >= 0 && random.oneIn(2)) {
            int slot = live[place];
            program.add(Program.REALLOC, 0, thread, slot, 0);
            program.add(Program.FREE, 0, thread, slot, 0); // where realloc to nothing freed the block, this does nothing
            forget(slot);
        } else {
            allocate(0);
        }
    }

    /** Never enters a slot: if it is served after all, that is the finding. */
    private void impossible() {
        long size = sizing.impossible();
        int place = anyLive();
        switch (random.below(4)) {
            case 0 -> addImpossible(Program.MALLOC, 0, size);
            case 1 -> {
                int log2 = 1 + random.below(62);
                addImpossible(Program.CALLOC, log2, overflowing(log2));
            }
            case 2 -> {
                if (promises.largestAlignment() > 0) {
                    addImpossible(Program.ALIGNED, 4 + random.below(10), size);
                }
            }
            default -> {
                if (place >= 0) {
                    program.add(Program.REALLOC, 0, thread, live[place], size);
                }
            }
        }
    }

    /** A factor that takes the product past 2^64, to wrap round to something small, or to a size that cannot exist. */
    private long overflowing(int log2) {
        long justOver = log2 == 64 ? 1 : 1L << 64 - log2;
        return random.oneIn(4) ? sizing.impossible() : justOver + random.below(64);
    }

    private void addImpossible(int kind, int log2, long size) {
        if (emptyCount > 0) {
            program.add(kind, log2, thread, empty[emptyCount - 1], size);
        }
    }

    private void wrongFree() {
        int place = anyLive();
        if (place < 0 || random.oneIn(4)) {
            program.add(Program.FREE_FOREIGN, 0, thread, 0, random.below(64));
            return;
        }
        int slot = live[place];
        long size = sizes[slot];
        if (size > 1) {
            long offset = random.oneIn(3) ? 1 + random.below((int) Math.min(size - 1, 64)) : (size / 2 & -16);
            program.add(Program.FREE_INSIDE, 0, thread, slot, Math.max(1, offset));
        }
    }

    /** Often right after a remote free: the place where allocators lose memory. */
    private void exitThread() {
        if (threads == 1) {
            return;
        }
        int leaving = 1 + random.below(threads - 1);
        int place = anyLive();
        if (place >= 0 && random.oneIn(2)) {
            thread = leaving;
            free(place);
        }
        program.add(Program.EXIT, 0, leaving, 0, 0);
        thread = random.below(threads);
    }
}
