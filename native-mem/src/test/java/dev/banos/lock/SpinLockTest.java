package dev.banos.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.StackEnd;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whoever comes to the end of its stack leaves no lock locked, at whatever depth, and whichever of lock, unlock and their caller are
 * compiled: an unlock that the interpreter runs needs more stack than a lock that is compiled.
 */
class SpinLockTest {
    private static final String UNLOCK_INTERPRETED = "-XX:CompileCommand=exclude,dev.banos.lock.SpinLock::unlock";

    @ParameterizedTest
    @ValueSource(strings = {"", "-Xint", UNLOCK_INTERPRETED, UNLOCK_INTERPRETED + " -XX:TieredStopAtLevel=1",
            UNLOCK_INTERPRETED + " -XX:CompileCommand=dontinline,dev.banos.lock.SpinLock::lock",
            "-XX:CompileCommand=compileonly,dev.banos.lock.SpinLock::lock"})
    void noLockStaysLockedWhereTheStackEnds(String flags) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(("-XX:CompileCommand=quiet " + flags).split(" ")), Child.class).output())
                .containsPattern("within [1-9]").containsPattern("overflows [1-9]").contains("locked 0;");
    }

    /** It links what gives the processor away, and has too little stack for that. */
    @Test
    void whoFirstWaitsLongAtTheEndOfItsStackSpoilsNothing() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(), FirstWaiter.class).output()).containsPattern("overflows [1-9][0-9]*, later done");
    }

    /** What the JVM of its own runs for that. */
    public static final class FirstWaiter {
        private static final int WAITS_LONG = 64;

        private FirstWaiter() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Malloc.free(Malloc.malloc(100_000)); // other functions are linked by then, and so the JDK's own classes are there
            int overflows = StackEnd.atEachDepth(1, 200 * 1024, () -> SpinLock.pause(WAITS_LONG));
            SpinLock.pause(WAITS_LONG);
            System.out.println("overflows " + overflows + ", later done");
        }
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int THREADS = 20;
        private static final int WARM_UP = 20_000;
        private static final long STACK_BYTES = 200 * 1024;
        /** One for each use, so that each can be looked at afterwards. */
        private static final SpinLock[] LOCKS = new SpinLock[200_000];
        private static int used;
        private static int within;

        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            for (int i = 0; i < LOCKS.length; i++) {
                LOCKS[i] = new SpinLock();
            }
            for (int i = 0; i < WARM_UP; i++) {
                use(LOCKS[0]);
            }
            int overflows = StackEnd.atEachDepth(THREADS, STACK_BYTES, Child::useNext);
            int locked = 0;
            for (SpinLock lock : LOCKS) {
                locked += lock.tryLock() ? 0 : 1;
            }
            System.out.println("within " + within + ", overflows " + overflows + ", locked " + locked + ";");
        }

        /** The next even where this one is left locked: a second use would wait for ever. */
        private static void useNext() {
            int next = used;
            used += used < LOCKS.length - 1 ? 1 : 0;
            use(LOCKS[next]);
        }

        private static void use(SpinLock lock) {
            lock.lock();
            try {
                within++;
            } finally {
                lock.unlock();
            }
        }
    }
}
