package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The property hardens the malloc of all threads: in a JVM of its own, because it is read once. */
class HardenedMallocTest {
    /** All words but {@code sample}: the overrun of one block in a thousand would end the program. */
    @Test
    void everyThreadsMallocIsHardened() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-ea", "-Dbanos.mem.leaks=full",
                "-Dbanos.mem.leaks.intervalBytes=1", "-Dbanos.mem.hardening=zero,canary,quarantine,random,guard,stacks"), Main.class).output();
        assertThat(output).contains("found 60 of 60", "tracked 1 then 0", "reused 0", "scope ok",
                "in quarantine", "freed by ").doesNotContain("Exception in thread");
    }

    @Test
    void aWrongWordStopsTheProgramAndIsNamed() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.hardening=zeros"), Main.class).output();
        assertThat(output).contains("hardening=zeros: the words are zero");
    }

    static final class Main {
        public static void main(String[] args) throws InterruptedException {
            AtomicInteger found = new AtomicInteger();
            overrunAndFree(found, 20);
            Thread platform = new Thread(() -> overrunAndFree(found, 20));
            platform.start();
            platform.join();
            Thread.ofVirtual().start(() -> overrunAndFree(found, 20)).join();
            System.out.println("found " + found + " of 60");
            int before = LeakTracking.count();
            long block = Malloc.malloc(3);
            int during = LeakTracking.count() - before;
            Malloc.free(block);
            System.out.println("tracked " + during + " then " + (LeakTracking.count() - before));
            System.out.println("reused " + reused());
            try (Arena scope = HeapScope.ofConfined()) {
                scope.allocate(ValueLayout.JAVA_LONG, 16);
            }
            Malloc.trim();
            System.out.println("scope ok " + Malloc.statistics().liveBlocks());
            System.out.println(freedTwice());
        }

        private static void overrunAndFree(AtomicInteger found, int times) {
            for (int i = 0; i < times; i++) {
                long block = Malloc.malloc(40 + i);
                Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + 40 + i, (byte) 0);
                try {
                    Malloc.free(block);
                } catch (CorruptBlockException damage) {
                    found.incrementAndGet();
                }
            }
            Malloc.free(freed = Malloc.malloc(77));
        }

        private static volatile long freed;

        private static String freedTwice() {
            try {
                Malloc.free(freed);
                return "not found";
            } catch (InvalidBlockException found) {
                return found.getMessage();
            }
        }

        private static int reused() {
            int reused = 0;
            for (int i = 0; i < 100; i++) {
                long block = Malloc.malloc(64);
                Malloc.free(block);
                reused += Malloc.malloc(64) == block ? 1 : 0;
            }
            return reused;
        }
    }
}
