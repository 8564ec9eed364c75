package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.mappings.HugePageRule;
import dev.banos.mem.system.Budget;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A heap for all threads where there are more processors than here: it comes to have more than two pools. */
class PoolsOfManyProcessorsTest {
    @ParameterizedTest
    @ValueSource(strings = {"oneSlotIsTakenThoughSeveralPoolsHaveOne", "eachPoolIsFoundAndNoneBeyondTheProcessors",
            "noLockIsLeftWhereTheStackEnds"})
    void holdsOnFourProcessors(String fact) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-XX:ActiveProcessorCount=4", "-Xint", "-ea"), Child.class, fact).output()).contains("holds");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int PROCESSORS = 4;
        private static final long SIZE = 100;
        private static final int DEPTHS = 150;
        private static final long STACK_BYTES = 256 * 1024;

        private final Domain domain = new Domain(Budget.unlimited("test"), new LeakRecords("test"), 0, HugePageRule.NEVER);
        private final HeapPools pools = HeapPools.of(new SlotPool(domain, Access.SHARED));
        private final List<SlotPool> found = new ArrayList<>();

        /** A thread that meets locks that are taken, be it by itself, goes on to the next pool. */
        private Child() {
            for (int i = 0; i < PROCESSORS; i++) {
                found.add(pools.lock());
            }
        }

        public static void main(String[] arguments) throws InterruptedException {
            Child child = new Child();
            switch (arguments[0]) {
                case "oneSlotIsTakenThoughSeveralPoolsHaveOne" -> child.takeOne();
                case "eachPoolIsFoundAndNoneBeyondTheProcessors" -> child.findAll();
                default -> child.lockAtEachDepth();
            }
            System.out.println("holds");
            System.exit(0);
        }

        private static void expect(boolean holds) {
            if (!holds) {
                throw new AssertionError();
            }
        }

        private void unlock() {
            found.forEach(pool -> pool.lock.unlock());
        }

        private void takeOne() {
            found.forEach(pool -> pool.allocate(SIZE));
            unlock();
            expect(live() == PROCESSORS);
            long address = pools.attemptElsewhere(found.getFirst(), SIZE);
            expect(live() == PROCESSORS + 1);
            expect(RunTable.holding(address).owner != found.getFirst());
        }

        private long live() {
            Set<Long> live = new HashSet<>();
            pools.forEach(pool -> pool.walk((address, bytes) -> live.add(address)));
            return live.size();
        }

        private void findAll() {
            expect(pools.count() == PROCESSORS && Set.copyOf(found).size() == PROCESSORS);
            unlock();
            SlotPool last = pools.lock();
            expect(last == found.getLast()); // the one that the thread had last
            expect(pools.count() == PROCESSORS);
            last.lock.unlock();
        }

        private void lockAtEachDepth() throws InterruptedException {
            unlock();
            boolean[] overflows = new boolean[1];
            Thread thread = new Thread(null, () -> overflows[0] = overflows(), "deep", STACK_BYTES);
            thread.start();
            thread.join();
            expect(overflows[0]);
        }

        private boolean overflows() {
            boolean any = false;
            lockAndUnlock();
            int depth = StackEnd.depth();
            for (int k = 0; k < DEPTHS; k++) {
                any |= StackEnd.isReachedBy(depth - k, this::lockAndUnlock);
                expect(found.stream().allMatch(pool -> pool.lock.tryLock()));
                unlock();
            }
            lockAndUnlock();
            return any;
        }

        private void lockAndUnlock() {
            pools.lockAll();
            pools.unlockAll();
        }
    }
}
