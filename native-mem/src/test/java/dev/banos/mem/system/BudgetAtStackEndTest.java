package dev.banos.mem.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a budget and those above it count is all counted or not at all, at whatever depth the stack comes to its end. */
class BudgetAtStackEndTest {
    @ParameterizedTest
    @ValueSource(strings = {"reserve", "refused", "release"})
    void aBudgetCountsAllOrNothingWhereTheStackEnds(String what) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of("-Xint", "-ea"), Child.class, what).output()).containsPattern("overflows [1-9]")
                .containsPattern("done [1-9]").contains("wrong 0;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int DEPTHS = 250;
        private static final long STACK_BYTES = 256 * 1024;
        private static final long PAGE = Kernel.PAGE_BYTES;
        private static final long LIMIT = 4 * PAGE;

        private final Budget parent = new Budget("parent", null, LIMIT, Budget.UNLIMITED, null);
        private final Budget child = new Budget("child", parent, Budget.UNLIMITED, Budget.UNLIMITED, null);
        private int overflows;
        private int done;
        private int wrong;

        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Child work = new Child();
            Thread thread = new Thread(null, () -> work.atEachDepth(arguments[0]), "deep", STACK_BYTES);
            thread.start();
            thread.join();
            System.out.println("overflows " + work.overflows + ", done " + work.done + ", wrong " + work.wrong + ";");
        }

        private void atEachDepth(String what) {
            if (!what.equals("release")) { // which is to be the first, as the calls by handles are linked by their first use
                boolean ignored = refused(0) || reserve(0);
            }
            int depth = StackEnd.depth();
            for (int k = 0; k < DEPTHS; k++) {
                boolean overflow = switch (what) {
                    case "reserve" -> reserve(depth - k);
                    case "refused" -> refused(depth - k);
                    default -> release(depth - k);
                };
                overflows += overflow ? 1 : 0;
                done += overflow ? 0 : 1;
            }
        }

        private boolean reserve(int calls) {
            boolean[] reserved = new boolean[1];
            boolean overflow = StackEnd.isReachedBy(calls, () -> reserved[0] = child.reserve(PAGE));
            expect(reserved[0] ? PAGE : 0);
            if (reserved[0]) {
                child.release(PAGE);
            }
            return overflow;
        }

        private boolean refused(int calls) {
            boolean overflow = StackEnd.isReachedBy(calls, () -> child.reserve(LIMIT + PAGE));
            expect(0);
            return overflow;
        }

        private boolean release(int calls) {
            boolean reserved = child.reserve(PAGE);
            boolean overflow = StackEnd.isReachedBy(calls, () -> child.release(PAGE));
            expect(reserved && overflow ? PAGE : 0);
            if (overflow) {
                child.release(PAGE);
            }
            return overflow;
        }

        private void expect(long bytes) {
            boolean right = child.usedBytes() == bytes && parent.usedBytes() == bytes && parent.hasRoom(LIMIT - bytes)
                    && !parent.hasRoom(LIMIT - bytes + PAGE) && child.hasRoom(Budget.UNLIMITED - bytes);
            wrong += right ? 0 : 1;
        }
    }
}
