package dev.banos.lock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
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
        assertThat(ChildJvm.run(List.of(), FirstWaiter.class).output()).contains("overflows true, later done");
    }

    /** What the JVM of its own runs for that. */
    public static final class FirstWaiter {
        private static final int WAITS_LONG = 64;
        private static boolean overflowed;

        private FirstWaiter() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Malloc.free(Malloc.malloc(100_000)); // other functions are linked by then, and so the JDK's own classes are there
            Thread thread = new Thread(null, FirstWaiter::descend, "descending", 200 * 1024);
            thread.start();
            thread.join();
            SpinLock.pause(WAITS_LONG);
            System.out.println("overflows " + overflowed + ", later done");
        }

        private static void descend() {
            try {
                descend();
            } catch (StackOverflowError deepest) {
                overflowed = true;
            }
            try {
                SpinLock.pause(WAITS_LONG);
            } catch (StackOverflowError notEvenForTheCall) {
                overflowed = true;
            }
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
        private static int overflows;

        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            for (int i = 0; i < LOCKS.length; i++) {
                LOCKS[i] = new SpinLock();
            }
            for (int i = 0; i < WARM_UP; i++) {
                use(LOCKS[0]);
            }
            for (int i = 0; i < THREADS; i++) {
                int frames = i;
                Thread thread = new Thread(null, () -> begin(frames), "descending", STACK_BYTES);
                thread.start();
                thread.join();
            }
            int locked = 0;
            for (SpinLock lock : LOCKS) {
                locked += lock.tryLock() ? 0 : 1;
            }
            System.out.println("within " + within + ", overflows " + overflows + ", locked " + locked + ";");
        }

        /** Each thread begins elsewhere, so that the end of the stack is met at other places. */
        private static void begin(int frames) {
            if (frames == 0) {
                descend();
            } else {
                begin(frames - 1);
            }
        }

        /** Uses a lock on the way up, at each depth. */
        private static void descend() {
            try {
                descend();
            } catch (StackOverflowError deepest) {
                // From here on upwards.
            }
            try {
                use(LOCKS[used]);
            } catch (StackOverflowError refused) {
                overflows++;
            }
            used += used < LOCKS.length - 1 ? 1 : 0;
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
