package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.insight.LeakTracking.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scopes of all kinds on one heap, by a model of what each holds, drawn at random. */
@Timeout(60)
class HeapTenantModelTest {
    private static final long MIB = 1 << 20;
    private static final List<HeapOptions> KINDS = List.of(HeapOptions.shared(), HeapOptions.shared().mappingCache(4 * MIB),
            HeapOptions.shared().leaks(Level.FULL, _ -> { }), HeapOptions.shared().hardened(Hardening.ALL),
            HeapOptions.confined(), HeapOptions.confined().hardened(Hardening.ALL));
    /** From these on they are of one thread: without groups, and without shared scopes. */
    private static final int FIRST_CONFINED = 4;

    /** What is written is read again, as long as its scope is open; the heap closes when no scope is; and the books balance. */
    @Test
    void asTheModelHasIt() {
        int refusedCloses = 0;
        int outOfMemory = 0;
        for (int seed = 0; seed < 90; seed++) {
            int kind = seed % KINDS.size();
            Model model = new Model(new SplittableRandom(seed), KINDS.get(kind), kind < FIRST_CONFINED);
            model.run(400);
            refusedCloses += model.refusedCloses;
            outOfMemory += model.outOfMemory;
        }
        assertThat(refusedCloses).isPositive();
        assertThat(outOfMemory).isPositive();
    }

    /** One heap under a parent, its scopes, and what was written to their segments. */
    private static final class Model {
        private record Written(MemorySegment segment, byte value) {
        }

        private record Opened(HeapScope scope, boolean inGroup, List<Written> segments) {
        }

        private final SplittableRandom random;
        private final HeapOptions kind;
        private final boolean shares;
        private final Heap parent = Heap.create(HeapOptions.shared().limit(6 * MIB));
        private final List<Opened> open = new ArrayList<>();
        private Heap heap;
        /** Of malloc's blocks, and without a scope, where the heap has none. */
        private ScopeGroup group;
        private int refusedCloses;
        private int outOfMemory;

        Model(SplittableRandom random, HeapOptions kind, boolean shares) {
            this.random = random;
            this.kind = kind;
            this.shares = shares;
            make();
        }

        private void make() {
            heap = Heap.create(kind.childOf(parent).limit(4 * MIB));
            group = ScopeGroup.create(shares ? heap : Heap.current(), random.nextInt(1, 5), random.nextLong(100_000));
        }

        void run(int steps) {
            for (int i = 0; i < steps; i++) {
                int dice = random.nextInt(20);
                if (dice < 4 || open.isEmpty()) {
                    open();
                } else if (dice < 14) {
                    allocate(open.get(random.nextInt(open.size())));
                } else if (dice < 18) {
                    close(open.remove(random.nextInt(open.size())));
                } else if (dice == 18) {
                    group.retire();
                } else {
                    closeHeap();
                }
            }
            while (!open.isEmpty()) {
                close(open.removeLast());
            }
            group.close();
            assertThat(heap.statistics().liveBlocks()).isZero();
            heap.close();
            parent.close();
            assertThat(parent.budget().usedBytes()).isZero();
        }

        private void open() {
            int dice = random.nextInt(shares ? 5 : 2);
            HeapScope scope = switch (dice) {
                case 0 -> HeapScope.ofConfined(heap);
                case 1 -> HeapScope.ofConfinedUninitialized(heap);
                case 2 -> group.open();
                case 3 -> group.openUninitialized();
                default -> HeapScope.ofShared(heap);
            };
            open.add(new Opened(scope, dice == 2 || dice == 3, new ArrayList<>()));
        }

        private void allocate(Opened in) {
            long size = random.nextInt(8) == 0 ? random.nextLong(700_000) : random.nextLong(3_000);
            long live = heap.statistics().liveBlocks();
            try {
                MemorySegment segment = in.scope.allocate(size, 1L << random.nextInt(7));
                byte value = (byte) random.nextInt();
                segment.fill(value);
                in.segments.add(new Written(segment, value));
            } catch (OutOfMemoryError full) {
                outOfMemory++;
                assertThat(heap.statistics().liveBlocks()).isEqualTo(live);
            }
        }

        private void close(Opened closed) {
            for (Written each : closed.segments) {
                for (long at = 0; at < each.segment.byteSize(); at++) {
                    if (each.segment.get(ValueLayout.JAVA_BYTE, at) != each.value) {
                        throw new AssertionError("somebody else wrote to " + each.segment);
                    }
                }
            }
            closed.scope.close();
            if (!closed.inGroup) {
                assertThat(closed.segments).noneMatch(each -> each.segment.scope().isAlive());
            }
        }

        private void closeHeap() {
            boolean isInUse = !open.isEmpty() || group.waitingScopes() > 0;
            assertThat(HeapTenantTest.isDone(heap::close)).isEqualTo(!isInUse);
            if (isInUse) {
                refusedCloses++;
            } else {
                assertThat(parent.budget().usedBytes()).isZero();
                make();
            }
        }
    }
}
