package dev.banos.fuzz.generation;

import dev.banos.fuzz.generation.Mixture.Action;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.Random64;

/**
 * Makes a program from a seed. The program is made as if every request will be served and never looks at the allocator: so
 * the seed alone decides it, and it can be made again after a crash.
 *
 * <p>Each program draws its own mixture of actions, its style of sizes and its length.
 */
public final class Generator {
    private static final int SHORTEST = 4;
    private static final int LONGEST_OF_LARGE = 32;
    private static final int LARGEST_ALIGNMENT_LOG2 = 21;
    private static final int PROGRAMS_THAT_CLOSE = 8;

    private final Repertoire repertoire;
    private final int maxOperations;
    private final int maxThreads;
    private final Operations program;
    private final Mixture mixture;
    private final LiveSlots slots = new LiveSlots();

    @SuppressWarnings("NullAway.Init")
    private Random64 random;
    @SuppressWarnings("NullAway.Init")
    private Sizes sizing;
    private int length;
    private int threads;
    private int thread;
    private boolean freely;
    private boolean closes;

    public Generator(Repertoire repertoire, int maxOperations, int maxThreads) {
        this.repertoire = repertoire;
        this.maxOperations = maxOperations;
        this.maxThreads = repertoire.threads() ? maxThreads : 1;
        program = new Operations(maxOperations);
        mixture = new Mixture(repertoire);
    }

    /**
     * The program of this seed, valid until the next call.
     *
     * @param freely for threads that run at the same time: without wrong frees, whose address another thread may own by then
     */
    public Operations generate(long seed, boolean freely) {
        begin(seed, freely);
        while (program.length() < length) {
            act(mixture.pick(random));
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
        slots.clear();
        thread = 0;
        threads = maxThreads == 1 || !freely && random.oneIn(2) ? 1 : 2 + random.below(maxThreads - 1);
        int longest = 64 - Long.numberOfLeadingZeros(Math.max(SHORTEST, maxOperations));
        int longestHere = sizing.areLarge() ? LONGEST_OF_LARGE : maxOperations;
        length = (int) Math.min(longestHere, random.between(SHORTEST, SHORTEST << random.below(longest)));
        closes = repertoire.closes() && random.oneIn(PROGRAMS_THAT_CLOSE);
        mixture.draw(random, threads, freely, closes);
    }

    private void act(Action action) {
        switch (action) {
            case ALLOCATE -> allocate(sizing.next());
            case ALLOCATE_ALIGNED -> allocateAligned();
            case FREE_NEWEST -> free(slots.count() - 1);
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
            case MISALIGNED -> program.add(Operations.MISALIGNED, 0, thread, 0, (1L << 3 + random.below(10)) + 1 + random.below(7));
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
            add(Operations.REALLOC, 0, size);
        } else if (draw < 5) {
            int log2 = Math.min(random.below(5), 63 - Long.numberOfLeadingZeros(Math.max(1, size)));
            add(Operations.CALLOC, log2, size >> log2);
        } else {
            add(Operations.MALLOC, 0, size);
        }
    }

    private void allocateAligned() {
        int most = Math.min(LARGEST_ALIGNMENT_LOG2, 63 - Long.numberOfLeadingZeros(repertoire.largestAlignment()));
        int log2 = 3 + random.below(random.oneIn(10) ? most - 2 : Math.min(most - 2, 11));
        add(Operations.ALIGNED, log2, sizing.next());
    }

    private void add(int kind, int log2, long size) {
        if (slots.isFull() || slots.bytes() + size > sizing.budget()) {
            drain();
            return;
        }
        program.add(kind, log2, thread, slots.next(), size);
        slots.add(kind == Operations.CALLOC ? size << log2 : size);
    }

    private int anyLive() {
        return slots.count() == 0 ? -1 : random.below(slots.count());
    }

    private void free(int place) {
        if (place < 0 || slots.count() == 0) {
            return;
        }
        int slot = slots.at(place);
        boolean twice = repertoire.wrongFrees() && !freely && random.oneIn(64);
        program.add(twice ? Operations.FREE_TWICE : Operations.FREE, 0, thread, slot, 0);
        slots.remove(slot);
    }

    private void resize(int place) {
        if (place < 0) {
            return;
        }
        int slot = slots.at(place);
        resizeTo(slot, sizing.resized(slots.size(slot)));
    }

    private void resizeTo(int slot, long size) {
        if (slots.bytes() + size - slots.size(slot) <= sizing.budget()) {
            program.add(Operations.REALLOC, 0, thread, slot, size);
            slots.resize(slot, size);
        }
    }

    /** A free and at once a request of the same size, or nearly: the memory comes back with its old contents. */
    private void replace() {
        int place = anyLive();
        if (place >= 0) {
            long size = slots.size(slots.at(place));
            free(place);
            allocate(random.oneIn(3) ? Math.max(0, size - random.below(16)) : size);
        }
    }

    private void check(int place) {
        if (place >= 0) {
            program.add(Operations.CHECK, 0, thread, slots.at(place), 0);
        }
    }

    private void fill() {
        long size = sizing.next();
        int count = 8 << random.below(6);
        for (int i = 0; i < count && !slots.isFull() && slots.bytes() + size <= sizing.budget(); i++) {
            allocate(size);
        }
    }

    /** Frees every other block: what is left has a hole on each side. */
    private void checkerboard() {
        for (int place = slots.count() - 1; place >= 0; place -= 2) {
            free(place);
        }
    }

    private void drain() {
        boolean fromOldest = random.oneIn(2);
        int keep = random.oneIn(2) ? 0 : slots.count() / 8;
        while (slots.count() > keep) {
            free(fromOldest ? 0 : slots.count() - 1);
        }
    }

    /** One block that grows or shrinks step by step while its neighbours stay. */
    private void growChain() {
        int place = anyLive();
        if (place < 0) {
            return;
        }
        int slot = slots.at(place);
        for (int steps = 2 + random.below(8); steps > 0; steps--) {
            resize(slots.placeOf(slot));
            if (random.oneIn(2)) {
                allocate(slots.size(slot));
            }
        }
    }

    /** Realloc up and down across a boundary, often with a new block in between that may be the neighbour. */
    private void crossBoundary() {
        int place = anyLive();
        if (place < 0) {
            return;
        }
        int slot = slots.at(place);
        long boundary = sizing.crossing();
        boolean upFirst = random.oneIn(2);
        for (int steps = 2 + random.below(4); steps > 0; steps--) {
            boolean up = upFirst == ((steps & 1) == 1);
            long distance = random.oneIn(2) ? random.below(2) : random.below(64);
            resizeTo(slot, Math.max(1, up ? boundary + distance : boundary - 1 - distance));
            if (random.oneIn(3)) {
                allocate(random.oneIn(2) ? slots.size(slot) : sizing.next());
            }
        }
    }

    /** All blocks go with their heap; whoever closes it is the first thread. */
    private void close() {
        program.add(Operations.CLOSE, 0, 0, 0, 0);
        slots.removeAll();
    }

    private void zero() {
        int place = anyLive();
        if (place >= 0 && random.oneIn(2)) {
            int slot = slots.at(place);
            program.add(Operations.REALLOC, 0, thread, slot, 0);
            program.add(Operations.FREE, 0, thread, slot, 0); // where realloc to nothing freed the block, this does nothing
            slots.remove(slot);
        } else {
            allocate(0);
        }
    }

    /** Never enters a slot: if it is served after all, that is the finding. */
    private void impossible() {
        long size = sizing.impossible();
        int place = anyLive();
        switch (random.below(4)) {
            case 0 -> addImpossible(Operations.MALLOC, 0, size);
            case 1 -> {
                int log2 = 1 + random.below(62);
                addImpossible(Operations.CALLOC, log2, overflowing(log2));
            }
            case 2 -> {
                if (repertoire.largestAlignment() > 0) {
                    addImpossible(Operations.ALIGNED, 4 + random.below(10), size);
                }
            }
            default -> {
                if (place >= 0) {
                    program.add(Operations.REALLOC, 0, thread, slots.at(place), size);
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
        if (!slots.isFull()) {
            program.add(kind, log2, thread, slots.next(), size);
        }
    }

    private void wrongFree() {
        int place = anyLive();
        if (place < 0 || random.oneIn(4)) {
            program.add(Operations.FREE_FOREIGN, 0, thread, 0, random.below(64));
            return;
        }
        int slot = slots.at(place);
        long size = slots.size(slot);
        if (size > 1) {
            long offset = random.oneIn(3) ? 1 + random.below((int) Math.min(size - 1, 64)) : (size / 2 & -16);
            program.add(Operations.FREE_INSIDE, 0, thread, slot, Math.max(1, offset));
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
        program.add(Operations.EXIT, 0, leaving, 0, 0);
        thread = random.below(threads);
    }
}
