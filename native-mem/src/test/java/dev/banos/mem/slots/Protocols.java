package dev.banos.mem.slots;

import dev.banos.bindings.Native;
import dev.banos.interleave.Interleavings.Scenario;
import dev.banos.mem.Heap;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.ScopeGroup;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.system.Words;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What threads do to each other's blocks, heaps and scopes, in as few steps as it takes; for {@code Interleavings}. */
public final class Protocols {
    private static final long SIZE = 20_000; // a run of one bitmap word
    private static int wakes;

    private Protocols() {
    }

    /** Called in the place of {@link Purger#wake}. */
    public static void woken() {
        wakes++;
    }

    private static void expect(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Makers of a {@link Scenario} each, by what happens in it. */
    public static Map<String, Supplier<?>> scenarios() {
        Map<String, Supplier<?>> all = new LinkedHashMap<>();
        all.put("a remote free, and the owner's free and mallocs in the same word", OwnerBesideRemote::new);
        all.put("two remote frees of one block", TwoRemote::new);
        all.put("remote frees, and the owner's folds", FoldBesideRemote::new);
        all.put("the first remote frees of two threads, and a fold", FoldBesideTwoQueuers::new);
        all.put("the first remote frees in two runs, and a fold", FoldBesideTwoRuns::new);
        all.put("a run goes, its bitmaps serve the next, and a late free of a dead block", LateBesideNextRun::new);
        all.put("the owner and another free one block", OwnerAndRemoteFreeTheSame::new);
        all.put("a thread ends, and another frees the last block", EndBesideRemote::new);
        all.put("a pool is handed on, and another frees in it", AdoptionBesideRemote::new);
        all.put("free pages go back, and another frees beside them", DiscardBesideRemote::new);
        all.put("a shared heap closes, and another uses it", () -> new CloseBesideUse(Level.OFF));
        all.put("a shared heap whose blocks are tracked closes, and another uses it", () -> new CloseBesideUse(Level.FULL));
        all.put("a confined heap closes, and another frees in it", ConfinedCloseBesideFree::new);
        all.put("a scope closes in a group that retires, and another uses its segment", RetireBesideUse::new);
        all.put("two retire a group", TwoRetire::new);
        return all;
    }

    /** The pool of a thread, with two blocks, a and b. */
    private abstract static class OnePool implements Scenario {
        final SlotPool pool = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
        final long a;
        final long b;
        final Run run;

        OnePool() {
            pool.threadId = Long.MAX_VALUE; // some thread's, which is not one of the scenario
            a = pool.allocate(SIZE);
            b = pool.allocate(SIZE);
            run = RunTable.at(a);
        }

        boolean freeAsOwner(long address) {
            return run.free(address) || free(pool, address);
        }

        boolean freeAsOther(long address) {
            return free(SlotPool.NOBODY, address);
        }

        private static boolean free(SlotPool mine, long address) {
            return SlotPool.free(mine, RunTable.holding(address), address, Domain.MALLOC);
        }

        /** Exactly these are live, before and after the owner looks at what others freed, and every other slot is free. */
        void assertLive(long... blocks) {
            expectLive(blocks);
            expect(pool.hasRemoteFrees() || Words.get(run.remote) == 0, "frees that nobody is told of");
            pool.foldRemote();
            expectLive(blocks);
            expect(Words.get(run.remote) == 0, "frees that the fold left");
            expect(pool.isValid(), "invalid");
            pool.destroy();
        }

        private void expectLive(long... blocks) {
            List<Long> live = new ArrayList<>();
            pool.walk((address, usable) -> live.add(address));
            List<Long> expected = Arrays.stream(blocks).sorted().boxed().toList();
            expect(live.equals(expected), "live are " + live + " instead of " + expected);
        }
    }

    private static final class OwnerBesideRemote extends OnePool {
        private boolean freedA;
        private boolean freedB;
        private long c;
        private long d;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                freedB = freeAsOwner(b);
                c = pool.allocate(SIZE);
                d = pool.allocate(SIZE);
            }, () -> freedA = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(freedA && freedB, "a right free is refused");
            expect(c != d, "a block is given out twice");
            assertLive(c, d);
        }
    }

    private static final class TwoRemote extends OnePool {
        private boolean first;
        private boolean second;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> first = freeAsOther(a), () -> second = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(first ^ second, "not exactly one free is right");
            assertLive(b);
        }
    }

    private static final class FoldBesideRemote extends OnePool {
        private boolean freed;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                pool.foldRemote();
                pool.foldRemote();
            }, () -> freed = freeAsOther(a) & freeAsOther(b));
        }

        @Override
        public void check() {
            expect(freed, "a right free is refused");
            assertLive();
        }
    }

    private static final class FoldBesideTwoQueuers extends OnePool {
        private boolean freedA;
        private boolean freedB;

        @Override
        public List<Runnable> threads() {
            return List.of(pool::foldRemote, () -> freedA = freeAsOther(a), () -> freedB = freeAsOther(b));
        }

        @Override
        public void check() {
            expect(freedA && freedB, "a right free is refused");
            assertLive();
        }
    }

    private static final class FoldBesideTwoRuns extends OnePool {
        private final long c = pool.allocate(2 * SIZE);
        private boolean freedA;
        private boolean freedC;

        @Override
        public List<Runnable> threads() {
            return List.of(pool::foldRemote, () -> freedA = freeAsOther(a), () -> freedC = freeAsOther(c));
        }

        @Override
        public void check() {
            expect(freedA && freedC, "a right free is refused");
            pool.foldRemote();
            expect(Words.get(RunTable.at(c).remote) == 0, "frees that nobody is told of");
            assertLive(b);
        }
    }

    /** The late free may have found the run before it goes, where the bits of the next run come to be. */
    private static final class LateBesideNextRun extends OnePool {
        private final SlotPool next = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);
        private final long[] blocks = new long[4]; // the second has b's place in the bitmap, not in memory
        private final boolean freedB;
        private boolean freedAgain;

        LateBesideNextRun() {
            next.threadId = Long.MAX_VALUE - 1;
            freedB = freeAsOwner(b);
        }

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                freeAsOwner(a);
                pool.trim();
                Bitmaps.endWaiting();
                Arrays.setAll(blocks, _ -> next.allocate(SIZE * 3 / 4));
            }, () -> {
                Run found = RunTable.at(b);
                freedAgain = found != null && SlotPool.free(SlotPool.NOBODY, found, b, Domain.MALLOC);
            });
        }

        @Override
        public void check() {
            expect(freedB && !freedAgain, "a dead block is freed again");
            next.foldRemote();
            for (long block : blocks) {
                expect(RunTable.at(block).isLive(block), "a block of another run is free");
            }
            expect(Words.get(RunTable.at(blocks[0]).remote) == 0, "a free that nobody is told of");
            next.destroy();
            assertGone();
        }

        private void assertGone() {
            expect(Totals.spanBytes(pool.counts()) == 0, "the run is still there");
        }
    }

    /** One of the two is refused, or the fold counts that both were not. */
    private static final class OwnerAndRemoteFreeTheSame extends OnePool {
        private boolean byOwner;
        private boolean byOther;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> byOwner = freeAsOwner(a), () -> byOther = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(byOwner || byOther, "both frees are refused");
            pool.foldRemote();
            expect(pool.counts().racedFrees() == (byOwner && byOther ? 1 : 0), "raced frees are not counted");
            assertLive(b);
        }
    }

    private static final class EndBesideRemote extends OnePool {
        private final int wakesBefore = wakes;
        private boolean freedA;
        private boolean freedB;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                freedB = freeAsOwner(b);
                ThreadPools.abandon(pool);
            }, () -> freedA = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(freedA && freedB, "a right free is refused");
            expect(!pool.hasRemoteFrees() || wakes > wakesBefore, "frees that nobody looks at");
            ThreadPools.trimAbandoned();
            expect(Totals.spanBytes(pool.counts()) == 0, "runs that nobody gives back");
        }
    }

    private static final class AdoptionBesideRemote extends OnePool {
        private boolean freedA;
        private boolean freedB;
        private long c;

        @Override
        public List<Runnable> threads() {
            pool.threadId = SlotPool.NO_THREAD;
            return List.of(() -> {
                pool.adoptedBy(Thread.currentThread());
                c = pool.allocate(SIZE);
                freedB = freeAsOwner(b);
            }, () -> freedA = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(freedA && freedB, "a right free is refused");
            assertLive(c);
        }
    }

    /** What is live keeps its content, and what is allocated next is not discarded any more. */
    private static final class DiscardBesideRemote extends OnePool {
        private final long c = marked(pool.allocate(SIZE));
        private boolean freed;
        private long d;

        private static long marked(long block) {
            Native.segment(block, SIZE).fill((byte) 'A');
            return block;
        }

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                pool.trim();
                pool.discardFreePages();
                d = marked(pool.allocate(SIZE));
            }, () -> freed = freeAsOther(a));
        }

        @Override
        public void check() {
            expect(freed, "a right free is refused");
            for (long block : new long[] {c, d}) {
                for (byte each : Native.segment(block, SIZE).toArray(ValueLayout.JAVA_BYTE)) {
                    expect(each == 'A', "the content of a live block is gone");
                }
            }
            assertLive(b, c, d);
        }
    }

    private static final class CloseBesideUse implements Scenario {
        private final Heap heap;
        private final long a;
        private boolean closes;
        private boolean refused;
        private boolean refusedTooEarly;

        CloseBesideUse(Level level) {
            LeakTracking.level(level); // what the heap was given itself would be reported when it closes
            heap = Heap.createShared();
            a = heap.malloc(SIZE);
        }

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                closes = true;
                heap.close();
            }, () -> {
                use(() -> heap.free(a));
                use(() -> heap.malloc(SIZE));
            });
        }

        private void use(Runnable work) {
            try {
                work.run();
                expect(!refused, "works again after the close");
            } catch (InvalidBlockException | IllegalStateException closed) {
                refused = true;
                refusedTooEarly |= !closes;
            }
        }

        @Override
        public void check() {
            expect(!refusedTooEarly, "refused before the close");
            use(() -> heap.malloc(SIZE));
            expect(refused, "works after the close");
            expect(RunTable.at(a) == null, "a run outlives its heap");
            expect(heap.leakReport().sites().isEmpty() && LeakTracking.count() == 0, "records outlive their heap");
            LeakTracking.level(Level.OFF);
            expect(heap.budget().usedBytes() == 0, "memory outlives its heap");
        }
    }

    private static final class ConfinedCloseBesideFree implements Scenario {
        private Heap heap;
        private volatile long a;
        private boolean closes;
        private boolean refusedTooEarly;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> {
                heap = Heap.create();
                a = heap.malloc(SIZE);
                closes = true;
                heap.close();
            }, () -> {
                if (a != 0) {
                    try {
                        heap.free(a);
                    } catch (InvalidBlockException | IllegalStateException closed) {
                        refusedTooEarly = !closes;
                    }
                }
            });
        }

        @Override
        public void check() {
            expect(!refusedTooEarly, "refused before the close");
            expect(RunTable.at(a) == null, "a run outlives its heap");
            expect(heap.budget().usedBytes() == 0, "memory outlives its heap");
        }
    }

    private static final class RetireBesideUse implements Scenario {
        private final ScopeGroup group = ScopeGroup.create();
        private final Arena scope = group.open();
        private final MemorySegment segment = scope.allocate(ValueLayout.JAVA_LONG);
        private boolean closes;
        private boolean unreachableTooEarly;

        @Override
        public List<Runnable> threads() {
            return List.of(group::retire, () -> {
                closes = true;
                scope.close();
            }, () -> unreachableTooEarly = !isReachable() && !closes);
        }

        private boolean isReachable() {
            try {
                segment.set(ValueLayout.JAVA_LONG, 0, 1);
                return true;
            } catch (IllegalStateException ended) {
                return false;
            }
        }

        @Override
        public void check() {
            expect(!unreachableTooEarly, "unreachable before the close");
            group.retire();
            expect(!isReachable(), "reachable after the end of the generation");
            expect(group.waitingBytes() == 0 && group.waitingScopes() == 0, "waits after the end");
        }
    }

    private static final class TwoRetire implements Scenario {
        private final ScopeGroup group = ScopeGroup.create();
        private final MemorySegment segment;
        private boolean ended = true;

        private TwoRetire() {
            try (Arena scope = group.open()) {
                segment = scope.allocate(ValueLayout.JAVA_LONG);
            }
        }

        @Override
        public List<Runnable> threads() {
            Runnable retire = () -> {
                group.retire();
                ended &= !segment.scope().isAlive();
            };
            return List.of(retire, retire);
        }

        @Override
        public void check() {
            expect(ended, "reachable after a retire");
            expect(group.waitingBytes() == 0 && group.waitingScopes() == 0, "waits after the end");
        }
    }
}
