package dev.banos.fuzz.shrinking;

import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes a failing program as short and as plain as it gets while it fails in the same way.
 * <pre>
 *   cut what follows the failure  ->  one slot a block  ->  the last block alone  ->  [ drop blocks  ->  drop operations  ->  plainer operations ]*
 * </pre>
 * Dropping is delta debugging (Zeller, Hildebrandt 2002): halves first, then ever smaller pieces. Any part of a program is
 * a program, so nothing needs repair.
 */
public final class Shrinker<V> {
    /** Mostly costs set the end, not time, so that equal seeds come to equal programs. This is for machines that are too slow. */
    public static final Duration LONGEST = Duration.ofMinutes(3);
    private static final long MOST_COST = 30_000;

    private final Trial<V> trial;
    private final Mode mode;
    private final long begun = System.nanoTime();
    private final long longest;
    private Operations best;
    private V violation;
    private long cost;
    private boolean isCutShort;

    /**
     * @param violation what the program comes to in this trial: already seen
     * @param mode how the trial runs it
     * @param longest ends it where costs have not: with nothing, only what follows the failure is cut
     */
    public Shrinker(Trial<V> trial, Operations program, V violation, Mode mode, Duration longest) {
        this.trial = trial;
        this.mode = mode;
        this.longest = longest.toNanos();
        this.violation = violation;
        best = program;
    }

    public Operations program() {
        return best;
    }

    public V violation() {
        return violation;
    }

    /** Whether time ended it, so that a shorter program may be found in a longer one. */
    public boolean isCutShort() {
        return isCutShort;
    }

    public void shrink() {
        cutAfterFailure();
        improve(withOneSlotABlock(best));
        onlySuspect();
        int before;
        do {
            before = weight(best);
            dropBlocks();
            dropOperations();
            new Plainer().run();
        } while (weight(best) < before && hasTime());
        best = compact(best); // new names only: nothing to try, so no time is needed for it
        V seen = trial.run(best);
        violation = seen != null && trial.isAsGood(seen, violation) ? seen : violation;
    }

    /** The block at which it failed, alone: often that is all, and then a replay that crashes or hangs is spared many times. */
    private void onlySuspect() {
        Operations program = best;
        int last = trial.operation(violation);
        if (last < program.length() && Operations.usesSlot(program.kind(last))) {
            int slot = program.slot(last);
            improve(filtered(program, i -> !Operations.usesSlot(program.kind(i)) || program.slot(i) == slot));
            Operations alone = best;
            improve(filtered(alone, i -> Operations.usesSlot(alone.kind(i))));
        }
    }

    private boolean hasTime() {
        boolean isInTime = System.nanoTime() - begun < longest;
        isCutShort |= cost < MOST_COST && !isInTime;
        return cost < MOST_COST && isInTime;
    }

    private static int weight(Operations program) {
        int weight = 0;
        for (int i = 0; i < program.length(); i++) {
            weight += 64 + 65 - Long.numberOfLeadingZeros(program.size(i)) + program.log2(i) + program.thread(i);
        }
        return weight;
    }

    /** Takes the candidate over if it is as good. */
    private boolean improve(Operations candidate) {
        if (!hasTime()) {
            return false;
        }
        V seen = trial.run(candidate);
        cost += trial.cost(seen);
        if (seen == null || !trial.isAsGood(seen, violation)) {
            return false;
        }
        best = candidate;
        violation = seen;
        cutAfterFailure();
        return true;
    }

    /** What runs after the failure cannot be its cause; with threads that run freely there is no "after". */
    private void cutAfterFailure() {
        int beyond = trial.operation(violation) + 1;
        if (mode == Mode.LOCKSTEP && beyond < best.length()) {
            Operations cut = new Operations(beyond);
            for (int i = 0; i < beyond; i++) {
                cut.addFrom(best, i);
            }
            best = cut;
        }
    }

    /** A slot that held several blocks becomes several slots, so that one block can go without the others. */
    private static Operations withOneSlotABlock(Operations program) {
        Operations renamed = new Operations(program.length());
        int[] name = new int[program.slots()];
        BitSet live = new BitSet();
        int next = 0;
        for (int i = 0; i < program.length(); i++) {
            int slot = program.slot(i);
            boolean fills = program.kind(i) < Operations.FREE && !live.get(slot);
            if (fills || name[slot] == 0) {
                name[slot] = ++next;
            }
            if (program.kind(i) < Operations.FREE) {
                live.set(slot);
            } else if (program.kind(i) == Operations.FREE || program.kind(i) == Operations.FREE_TWICE) {
                live.clear(slot);
            } else if (program.kind(i) == Operations.CLOSE) {
                live.clear();
            }
            renamed.addPacked(program.what(i), name[slot] - 1, program.size(i));
        }
        return renamed;
    }

    /** Numbers slots and threads in the order of their appearance. */
    private static Operations compact(Operations program) {
        Operations compact = new Operations(program.length());
        Map<Integer, Integer> slots = new HashMap<>();
        Map<Integer, Integer> threads = new HashMap<>(Map.of(0, 0));
        for (int i = 0; i < program.length(); i++) {
            int slot = Operations.usesSlot(program.kind(i)) ? slots.computeIfAbsent(program.slot(i), name -> slots.size()) : 0;
            int thread = threads.computeIfAbsent(program.thread(i), name -> threads.size());
            compact.add(program.kind(i), program.log2(i), thread, slot, program.size(i));
        }
        return compact;
    }

    private void dropBlocks() {
        for (int piece = Integer.highestOneBit(Math.max(1, best.slots())); piece > 0 && hasTime(); piece /= 2) {
            for (int from = 0; from < best.slots() && hasTime(); from += piece) {
                int first = from;
                int beyond = from + piece;
                Operations program = best;
                Operations candidate = filtered(program, i -> !Operations.usesSlot(program.kind(i))
                        || program.slot(i) < first || program.slot(i) >= beyond);
                if (candidate.length() < program.length()) {
                    improve(candidate);
                }
            }
        }
    }

    private void dropOperations() {
        for (int piece = Integer.highestOneBit(Math.max(1, best.length())); piece > 0 && hasTime(); piece /= 2) {
            int from = 0;
            while (from < best.length() && hasTime()) {
                int first = from;
                int beyond = from + piece;
                if (!improve(filtered(best, i -> i < first || i >= beyond))) {
                    from += piece;
                }
            }
        }
    }

    private static Operations filtered(Operations program, java.util.function.IntPredicate keep) {
        Operations result = new Operations(program.length());
        for (int i = 0; i < program.length(); i++) {
            if (keep.test(i)) {
                result.addFrom(program, i);
            }
        }
        return result;
    }

    /** Replaces operations by plainer ones: another kind, a smaller size, the first thread. */
    private final class Plainer {
        /** The sizes a person would choose, tried before the smallest is searched. */
        private static final long[] ROUND = {0, 1, 8, 16, 32, 64, 100, 128, 256, 512, 1000, 1024, 4096};

        void run() {
            for (int i = 0; i < best.length() && hasTime(); i++) {
                if (best.thread(i) != 0 && best.kind(i) != Operations.EXIT) {
                    change(i, best.kind(i), best.log2(i), 0, best.size(i));
                }
                plainKind(i);
                if (i < best.length()) {
                    smallerSize(i);
                }
            }
        }

        private void plainKind(int i) {
            int kind = i < best.length() ? best.kind(i) : Operations.MALLOC;
            if (kind == Operations.CALLOC || kind == Operations.ALIGNED || kind == Operations.REALLOC) {
                long bytes = kind == Operations.CALLOC ? best.size(i) << best.log2(i) : best.size(i);
                if (change(i, Operations.MALLOC, 0, best.thread(i), bytes)) {
                    return;
                }
                if (kind == Operations.CALLOC && change(i, kind, 0, best.thread(i), bytes)) {
                    return;
                }
            }
            while (kind == Operations.ALIGNED && !isSlow() && i < best.length() && best.log2(i) > 3
                    && change(i, kind, best.log2(i) - 1, best.thread(i), best.size(i))) {
                // again, with half the alignment
            }
            if (kind == Operations.FREE_TWICE) {
                change(i, Operations.FREE, 0, best.thread(i), 0);
            }
        }

        private void smallerSize(int i) {
            long size = best.size(i);
            if (size == 0 || best.kind(i) >= Operations.FREE_FOREIGN || mode.isRepeated()) { // small leaks are slow to see
                return;
            }
            if (Long.compareUnsigned(size, Bytes.IMPOSSIBLE) >= 0) {
                if (size != -1) {
                    resize(i, -1);
                }
                return;
            }
            for (long round : ROUND) {
                if (round >= size || i >= best.length() || resize(i, round)) {
                    break;
                }
            }
            if (!isSlow()) {
                searchSmallest(i);
            }
        }

        /** Where runs are slow, round sizes must do. */
        private boolean isSlow() {
            return trial.isSlow(violation);
        }

        private void searchSmallest(int i) {
            long low = 0;
            while (hasTime() && i < best.length() && best.size(i) - low > 1) {
                long middle = low + (best.size(i) - low) / 2;
                if (!resize(i, middle)) {
                    low = middle;
                }
            }
        }

        private boolean resize(int i, long size) {
            return change(i, best.kind(i), best.log2(i), best.thread(i), size);
        }

        private boolean change(int index, int kind, int log2, int thread, long size) {
            Operations changed = new Operations(best.length());
            for (int i = 0; i < best.length(); i++) {
                if (i == index) {
                    changed.add(kind, log2, thread, best.slot(i), size);
                } else {
                    changed.addFrom(best, i);
                }
            }
            return improve(changed);
        }
    }
}
