package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.mappings.HugePageRule;
import dev.banos.mem.system.Budget;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever comes to the end of its stack while it works on pools, at whatever depth, leaves them as usable as they were. */
class PoolsAtStackEndTest {
    @ParameterizedTest
    @ValueSource(strings = {"sections", "purge", "trim", "ended"})
    void nothingIsLostWhereTheStackEnds(String what) throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Xint", "-ea", "-Dbanos.mem.purgeDelayMillis=100000"), Child.class, what).output();
        assertThat(output).containsPattern("overflows [1-9]").containsPattern("done [1-9]").contains("as before;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final long STACK_BYTES = 256 * 1024;
        private static final int DEPTHS = 250;
        private static final int BLOCKS = 16;
        /** A few to a run. */
        private static final long LARGE = 20_000;

        private int overflows;
        private int done;

        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Child child = new Child();
            boolean asBefore = switch (arguments[0]) {
                case "sections" -> child.sections();
                case "purge" -> child.purge();
                case "trim" -> child.trim();
                default -> child.ended();
            };
            System.out.println("overflows " + child.overflows + ", done " + child.done + ", " + (asBefore ? "as before;" : "LOST"));
            System.exit(0);
        }

        /** In one thread, so that each depth is met. */
        private void atEachDepth(Runnable before, Runnable work) throws InterruptedException {
            Thread thread = new Thread(null, () -> {
                before.run();
                work.run(); // then all classes are there
                int depth = StackEnd.depth();
                for (int k = 0; k < DEPTHS; k++) {
                    before.run();
                    count(StackEnd.isReachedBy(depth - k, work));
                }
            }, "deep", STACK_BYTES);
            thread.start();
            thread.join();
        }

        private void count(boolean overflow) {
            overflows += overflow ? 1 : 0;
            done += overflow ? 0 : 1;
        }

        /** Else work would no longer be seen, and the pool be taken in the middle of it; or the pool would seem to be at work for good. */
        private boolean sections() throws InterruptedException {
            SlotPool pool = new SlotPool(Domain.MALLOC, Access.STRIPED);
            atEachDepth(() -> { }, () -> {
                pool.beginWork();
                pool.endWork();
            });
            boolean isIdle = pool.workSections() % 2 == 0;
            pool.beginWork();
            return isIdle && pool.workSections() % 2 == 1;
        }

        /** Else who finds no other room would wait for the end of the purge for good. */
        private boolean purge() throws InterruptedException {
            atEachDepth(() -> Spans.giveBack(Spans.take(1), 1), Spans::purge);
            Spans.purge();
            return Spans.dirtyBytes() == 0;
        }

        /** Else the spans of an empty run would be nobody's. */
        private boolean trim() throws InterruptedException {
            Domain domain = new Domain(Budget.unlimited("test"), new LeakRecords("test"), 0, HugePageRule.NEVER);
            SlotPool pool = new SlotPool(domain, Access.SHARED);
            long used = Spans.usedBytes();
            long[] blocks = new long[BLOCKS];
            atEachDepth(() -> {
                Arrays.setAll(blocks, i -> pool.allocate(LARGE));
                Arrays.stream(blocks).forEach(pool::free);
            }, pool::trim);
            pool.trim();
            return Spans.usedBytes() == used && domain.budget.usedBytes() == 0;
        }

        /** Who comes for a control block looks after threads that have ended: else their pools would serve nobody any more. */
        private boolean ended() throws InterruptedException {
            long ignored = Malloc.malloc(16); // of the only thread that goes on living
            for (int k = 0; k < DEPTHS; k++) {
                int above = k;
                run(0, () -> Malloc.malloc(16));
                run(STACK_BYTES, () -> count(StackEnd.isReachedBy(StackEnd.depth() - above, () -> Malloc.malloc(16))));
            }
            SlotPool.abandonAllOfEndedThreads();
            return ThreadPools.abandonedCount() == ThreadPools.madeCount() - 1;
        }

        private static void run(long stackBytes, Runnable work) throws InterruptedException {
            Thread thread = new Thread(null, work, "ends", stackBytes);
            thread.start();
            thread.join();
        }
    }
}
