package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.mem.system.Unmapping;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A close comes to an end half way, because Java's heap is full or the stack at its end: the next does what is left, and nothing twice. */
class RepeatedCloseTest {
    private static final List<String> FLAGS = List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea",
            "-Dbanos.mem.purgeDelayMillis=100000");

    /** Throws where the calling thread unmaps for the {@code n}-th time, and counts that. */
    private static AtomicInteger unmapsUntil(int n, Heap closing) {
        AtomicInteger unmaps = new AtomicInteger();
        Thread self = Thread.currentThread();
        SystemCallFaults.during((call, ordinal) -> {
            if (call != Call.MUNMAP || Thread.currentThread() != self) {
                return call == Call.MUNMAP ? ENOMEM() : 0; // what waits to be unmapped waits for the caller
            }
            if (unmaps.incrementAndGet() == n) {
                throw new StackOverflowError("as at the end of the stack");
            }
            return 0;
        }, () -> assertThatThrownBy(closing::close).isInstanceOf(StackOverflowError.class));
        return unmaps;
    }

    @Test
    void noMappingIsUnmappedTwice() {
        try (Heap parent = Heap.createShared()) {
            Heap heap = Heap.create(HeapOptions.shared().childOf(parent).hardened(Hardening.NONE.withGuard().withQuarantine(1 << 20)));
            long[] blocks = new long[4];
            Arrays.setAll(blocks, i -> ProcSelf.mark(heap.malloc(100_000)));
            heap.free(blocks[3]);
            int refused = RefusedUnmaps.count();
            AtomicInteger unmaps = unmapsUntil(2, heap);
            assertThat(RefusedUnmaps.count()).as("the one where it came to its end").isEqualTo(refused + 1);
            SystemCallFaults.during((call, ordinal) -> call == Call.MUNMAP && unmaps.incrementAndGet() > 5 ? ENOMEM() : 0, heap::close);
            assertThat(unmaps).hasValue(5);
            assertThat(RefusedUnmaps.count()).isEqualTo(refused);
            assertThat(Arrays.stream(blocks)).noneMatch(ProcSelf::isStillMapped);
            assertThat(parent.budget().usedBytes()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 8 << 20})
    void aMappingThatAFirstCouldNotUnmapTheSecondDoes(long cacheBytes) {
        try (Heap parent = Heap.createShared()) {
            Heap heap = Heap.create(HeapOptions.shared().childOf(parent).mappingCache(cacheBytes));
            long[] blocks = new long[4];
            Arrays.setAll(blocks, i -> ProcSelf.mark(heap.malloc(100_000)));
            heap.free(blocks[3]);
            assertThat(unmapsUntil(2, heap)).hasValue(2);
            heap.close();
            assertThat(Arrays.stream(blocks)).noneMatch(ProcSelf::isStillMapped);
            assertThat(parent.budget().usedBytes()).isZero();
        }
    }

    @Test
    void whatCouldNotBeUnmappedIsTriedAgainAlsoAfterATryThatThrew() {
        try (Heap heap = Heap.createShared()) {
            int before = RefusedUnmaps.count();
            long block = ProcSelf.mark(heap.malloc(100_000));
            SystemCallFaults.during((call, ordinal) -> call == Call.MUNMAP ? ENOMEM() : 0, () -> heap.free(block));
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
            SystemCallFaults.during((call, ordinal) -> {
                throw new StackOverflowError("as at the end of the stack");
            }, () -> assertThatThrownBy(Unmapping::retryRefused).isInstanceOf(StackOverflowError.class));
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
            heap.trim();
            assertThat(block).matches(address -> !ProcSelf.isStillMapped(address));
        }
    }

    @Test
    void aFreeThatThrewHasDoneNothing() {
        try (Heap heap = Heap.createShared()) {
            long block = ProcSelf.mark(heap.malloc(100_000));
            SystemCallFaults.during((call, ordinal) -> {
                throw new StackOverflowError("as at the end of the stack");
            }, () -> assertThatThrownBy(() -> heap.free(block)).isInstanceOf(StackOverflowError.class));
            assertThat(heap.statistics().mappings()).isEqualTo(1);
            heap.free(block);
            assertThat(heap.budget().usedBytes()).isZero();
        }
    }

    /** Its mapping, which counts as a page there, is in no table by then. */
    @Test
    void whatLeavesTheQuarantineWithoutBeingUnmappedIsTriedAgain() {
        try (Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(5000)))) {
            int before = RefusedUnmaps.count();
            long first = ProcSelf.mark(heap.malloc(100_000));
            long second = heap.malloc(100_000);
            heap.free(first);
            SystemCallFaults.during((call, ordinal) -> {
                if (call == Call.MUNMAP) {
                    throw new StackOverflowError("as at the end of the stack");
                }
                return 0;
            }, () -> assertThatThrownBy(() -> heap.free(second)).isInstanceOf(StackOverflowError.class));
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
            heap.trim();
            assertThat(first).matches(address -> !ProcSelf.isStillMapped(address));
        }
    }

    @Test
    void aFreeIsDoneWhereOnlyTheMemoryCouldNotBeGivenBackAtOnce() {
        try (Heap heap = Heap.createShared()) {
            int before = RefusedUnmaps.count();
            long block = ProcSelf.mark(heap.malloc(100_000));
            SystemCallFaults.during((call, ordinal) -> {
                if (call == Call.MADVISE) {
                    throw new StackOverflowError("as at the end of the stack");
                }
                return call == Call.MUNMAP ? ENOMEM() : 0;
            }, () -> heap.free(block));
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(RefusedUnmaps.count()).isEqualTo(before + 1);
            heap.trim();
            assertThat(block).matches(address -> !ProcSelf.isStillMapped(address));
        }
    }

    @Test
    void damageIsReportedAlsoWhereWhatFollowsIsCutShort() {
        Heap heap = damaged();
        try (Heap other = Heap.create(HeapOptions.confined().hardened(Hardening.NONE.withGuard()))) {
            long kept = other.malloc(100_000);
            SystemCallFaults.during((call, ordinal) -> call == Call.MUNMAP ? ENOMEM() : 0, () -> other.free(kept));
            unmapsUntil(1, heap); // it tries that again
        }
        assertThatThrownBy(heap::close).isInstanceOf(CorruptBlockException.class);
        heap.close();
    }

    @Test
    void leaksAreReportedByTheCloseThatComesToThem() {
        List<LeakReport> reports = new ArrayList<>();
        Heap heap = Heap.create(HeapOptions.confined().leaks(LeakTracking.Level.FULL, reports::add));
        heap.malloc(100_000);
        unmapsUntil(1, heap);
        assertThat(reports).isEmpty();
        heap.close();
        heap.close();
        assertThat(reports).singleElement().satisfies(report -> assertThat(report.weight()).isEqualTo(100_000));
    }

    private static Heap damaged() {
        Heap heap = Heap.create(HeapOptions.confined().hardened(Hardening.NONE.withCanary()));
        damage(heap);
        return heap;
    }

    private static void damage(Heap heap) {
        long block = heap.malloc(100);
        Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + 100, (byte) 0); // which no canary is
    }

    /**
     * A close finds damage when Java's heap has just so much room left, from none at all to enough for the exception: where it has no
     * room to say so, it says that, and the next close says the other.
     */
    @Test
    void whatTheFirstCouldNotReportTheSecondDoes() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Child.class).output()).containsPattern("at once [1-9]").containsPattern("later [1-9]")
                .contains("twice 0, lost 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-Xmixed"})
    void atEachDepthOfTheStackACloseGoesOnWhereTheLastCameToItsEnd(String mode) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(mode, "-ea"), AtTheEndOfTheStack.class).output()).containsPattern("cut short [1-9]")
                .contains("reported 20, used 0");
    }

    /** What the JVM with small stacks runs. */
    public static final class AtTheEndOfTheStack {
        private static final int HEAPS = 20;
        private static final long STACK_BYTES = 256 * 1024;
        private static int cutShort;
        private static int reported;

        private AtTheEndOfTheStack() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            Heap parent = Heap.createShared();
            for (int i = 0; i < HEAPS; i++) {
                Heap heap = filled(parent);
                Thread closing = new Thread(null, () -> descend(heap), "closing", STACK_BYTES);
                closing.start();
                closing.join();
            }
            System.out.println("cut short " + cutShort + ", reported " + reported + ", used " + parent.budget().usedBytes());
        }

        private static Heap filled(Heap parent) {
            Heap heap = Heap.create(HeapOptions.shared().childOf(parent).hardened(Hardening.ALL));
            for (int i = 0; i < 20; i++) {
                heap.malloc(70_000 + i);
                heap.free(heap.malloc(80_000));
                heap.free(heap.malloc(80));
            }
            damage(heap);
            return heap;
        }

        /** Closes on the way up, at each depth. */
        private static void descend(Heap heap) {
            try {
                descend(heap);
            } catch (StackOverflowError deepest) {
                // From here on upwards.
            }
            try {
                heap.close();
            } catch (CorruptBlockException found) {
                reported++;
            } catch (StackOverflowError halfWay) {
                cutShort++;
            }
        }
    }

    /** What the JVM with the small heap runs. */
    public static final class Child {
        private static final int MOST_CRUMBS = 200;

        private Child() {
        }

        public static void main(String[] arguments) {
            boolean ready = reports(damaged()); // all classes are there
            assert ready;
            FullJavaHeap javaHeap = new FullJavaHeap(MOST_CRUMBS);
            int atOnce = 0;
            int later = 0;
            int twice = 0;
            int lost = 0;
            for (int room = 0; room <= MOST_CRUMBS; room += 1 + room / 4) {
                Heap heap = damaged();
                javaHeap.fill();
                javaHeap.giveBack(room);
                boolean first = reports(heap);
                javaHeap.empty();
                boolean second = reports(heap);
                atOnce += first ? 1 : 0;
                later += !first && second ? 1 : 0;
                twice += first && second || reports(heap) ? 1 : 0;
                lost += !first && !second ? 1 : 0;
            }
            System.out.println("at once " + atOnce + ", later " + later + ", twice " + twice + ", lost " + lost);
        }

        private static boolean reports(Heap heap) {
            try {
                heap.close();
                return false;
            } catch (CorruptBlockException found) {
                return true;
            } catch (OutOfMemoryError javaHeapIsFull) {
                return false;
            }
        }
    }
}
