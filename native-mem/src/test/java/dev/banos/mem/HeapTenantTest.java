package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import dev.banos.testing.OtherThread;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scopes with memory of a heap: what they cost it, who may open them, and in which order all may end. */
@Timeout(60)
class HeapTenantTest {
    private static final long MIB = 1 << 20;
    private static final List<HeapOptions> SHARED = List.of(HeapOptions.shared(), HeapOptions.shared().mappingCache(4 * MIB),
            HeapOptions.shared().leaks(Level.FULL, _ -> { }), HeapOptions.shared().hardened(Hardening.ALL));

    @Test
    void aHeapsFiguresAndLimitAreThoseOfItsScopes() {
        try (Heap server = Heap.create(HeapOptions.shared().named("server").limit(4 * MIB))) {
            try (Arena scope = HeapScope.ofConfined(server); ScopeGroup group = ScopeGroup.create(server); Arena joined = group.open()) {
                scope.allocate(100);
                scope.allocate(MIB);
                joined.allocate(MIB);
                assertThat(server.statistics().liveBlocks()).isEqualTo(3);
                assertThat(server.budget().usedBytes()).isGreaterThan(2 * MIB);
                for (Arena each : List.of(scope, joined)) {
                    assertThatThrownBy(() -> each.allocate(3 * MIB)).isInstanceOf(OutOfMemoryError.class)
                            .hasMessageStartingWith("3145728 bytes of native memory: heap server: limit 4,194,304 bytes, used ");
                }
                assertThat(server.statistics().liveBlocks()).isEqualTo(3);
            }
            assertThat(server.statistics().liveBlocks()).isZero();
        }
    }

    /** A chunk may be refused where its segment is not: so all that a heap has room for can be had. */
    @Test
    void smallSegmentsFillAHeapToItsLimit() {
        for (HeapOptions kind : List.of(HeapOptions.shared(), HeapOptions.confined())) {
            try (Heap heap = Heap.create(kind.limit(MIB)); Arena scope = HeapScope.ofConfined(heap)) {
                long bytes = 0;
                try {
                    while (true) {
                        scope.allocate(100);
                        bytes += 100;
                    }
                } catch (OutOfMemoryError full) {
                    assertThat(full).hasMessageContaining("limit 1,048,576");
                }
                assertThat(bytes).isGreaterThan(MIB / 2);
            }
        }
    }

    @Test
    void aConfinedHeapsScopeIsItsThreadsAlone() {
        try (Heap heap = Heap.create(HeapOptions.confined().named("own")); HeapScope scope = HeapScope.ofConfined(heap)) {
            scope.allocate(8);
            OtherThread.run(() -> {
                assertThatThrownBy(() -> HeapScope.ofConfined(heap)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("heap own does not serve thread");
                assertThatThrownBy(() -> scope.allocate(8)).isInstanceOf(WrongThreadException.class);
            });
            assertThatThrownBy(() -> HeapScope.ofShared(heap)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("heap own serves one thread alone: use HeapScope.ofConfined(heap), or a heap of HeapOptions.shared()");
            assertThatThrownBy(() -> ScopeGroup.create(heap)).isInstanceOf(IllegalArgumentException.class);
            assertThat(scope).hasToString("scope of thread " + Thread.currentThread().threadId() + " in heap own");
        }
        try (Heap hardened = Heap.create(HeapOptions.confined().hardened(Hardening.ALL))) {
            assertThatThrownBy(() -> HeapScope.ofSharedUninitialized(hardened)).isInstanceOf(IllegalArgumentException.class);
            HeapScope.ofConfinedUninitialized(hardened).close();
        }
    }

    @Test
    void aHeapIsNotClosedBeforeItsScopes() {
        for (HeapOptions kind : SHARED) {
            Heap heap = Heap.create(kind.named("server"));
            HeapScope confined = HeapScope.ofConfined(heap);
            HeapScope shared = HeapScope.ofShared(heap);
            MemorySegment small = confined.allocateFrom(ValueLayout.JAVA_LONG, 17);
            MemorySegment large = shared.allocate(200_000);
            assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessage("heap server has open scopes: shared scope, "
                    + "scope of thread " + Thread.currentThread().threadId() + ": close them first");
            assertThat(small.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(17);
            large.fill((byte) 1);
            confined.close();
            assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("open scopes: shared scope:");
            assertThat(heap.malloc(8)).as("the heap is as it was").isNotZero();
            shared.close();
            heap.close();
            assertThat(heap.budget().usedBytes()).isZero();
            assertThatThrownBy(() -> HeapScope.ofConfined(heap)).isInstanceOf(IllegalStateException.class).hasMessage("heap server is closed");
            assertThatThrownBy(() -> HeapScope.ofShared(heap)).isInstanceOf(IllegalStateException.class).hasMessage("heap server is closed");
            ScopeGroup late = ScopeGroup.create(heap);
            assertThatThrownBy(late::open).isInstanceOf(IllegalStateException.class).hasMessage("heap server is closed");
            late.close();
        }
    }

    @Test
    void norBeforeTheGenerationsOfAGroup() {
        Heap heap = Heap.create(HeapOptions.shared().named("server"));
        ScopeGroup group = ScopeGroup.create(heap, 2, MIB);
        HeapScope first = group.open();
        MemorySegment late = first.allocate(300);
        first.close();
        assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessage("heap server has open scopes: scope group with 1 "
                + "closed scopes of " + group.waitingBytes() + " bytes waiting: close them first");
        late.fill((byte) 1);
        HeapScope second = group.open();
        second.close();
        assertThat(late.scope().isAlive()).as("both are closed").isFalse();
        assertThat(heap.statistics().liveBlocks()).isZero();
        HeapScope open = group.open();
        group.close();
        assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("open scopes");
        open.close();
        heap.close();
    }

    @Test
    void aMessageNamesTwentyScopes() {
        for (HeapOptions kind : List.of(HeapOptions.shared(), HeapOptions.confined())) {
            try (Heap heap = Heap.create(kind)) {
                List<HeapScope> scopes = new ArrayList<>();
                for (int i = 0; i < 25; i++) {
                    scopes.add(HeapScope.ofConfined(heap));
                }
                String scope = "scope of thread " + Thread.currentThread().threadId() + ", ";
                assertThatThrownBy(heap::close).hasMessage(heap + " has open scopes: " + scope.repeat(20) + "5 more: close them first");
                scopes.forEach(HeapScope::close);
            }
        }
    }

    /** Whoever opened it. */
    @Test
    void aHeapIsNotClosedBeforeTheLastOfTheScopesThatManyThreadsOpened() {
        try (Heap heap = Heap.createShared()) {
            List<Arena> scopes = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                OtherThread.run(() -> scopes.add(HeapScope.ofShared(heap)));
            }
            assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("80 more");
            for (Arena scope : scopes) {
                assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("open scopes");
                scope.close();
            }
        }
    }

    /** Its scopes are counted, not listed. */
    @Test
    void aConfinedHeapIsNotClosedBeforeItsScopes() {
        for (HeapOptions kind : List.of(HeapOptions.confined(), HeapOptions.confined().leaks(Level.FULL, _ -> { }),
                HeapOptions.confined().hardened(Hardening.ALL))) {
            Heap heap = Heap.create(kind.named("server"));
            List<HeapScope> scopes = List.of(HeapScope.ofConfined(heap), HeapScope.ofConfinedUninitialized(heap), HeapScope.ofConfined(heap));
            MemorySegment last = null;
            for (int open = scopes.size(); open > 0; open--) {
                String each = ", scope of thread " + Thread.currentThread().threadId();
                assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class)
                        .hasMessage("heap server has open scopes: " + each.repeat(open).substring(2) + ": close them first");
                last = scopes.get(open - 1).allocate(40);
                last.fill((byte) 1);
                scopes.get(open - 1).close();
                assertThatThrownBy(scopes.get(open - 1)::close).isInstanceOf(IllegalStateException.class);
            }
            assertThat(heap.statistics().liveBlocks()).isZero();
            heap.close();
            assertThatThrownBy(() -> HeapScope.ofConfined(heap)).isInstanceOf(IllegalStateException.class).hasMessage("heap server is closed");
            assertThat(last.scope().isAlive()).isFalse();
        }
    }

    /** Nobody reaches its segments, and nobody could close it. */
    @Test
    void aConfinedScopeWhoseThreadHasEndedHindersNoClose() {
        for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            for (boolean shared : new boolean[] {true, false}) {
                AtomicReference<Heap> heap = new AtomicReference<>(shared ? Heap.createShared() : null);
                AtomicReference<MemorySegment> segment = new AtomicReference<>();
                CountDownLatch used = new CountDownLatch(1);
                CountDownLatch end = new CountDownLatch(1);
                OtherThread thread = OtherThread.start(builder, () -> {
                    if (!shared) {
                        heap.set(Heap.create());
                    }
                    segment.set(HeapScope.ofConfined(heap.get()).allocate(100_000));
                    ProcSelf.mark(segment.get().address());
                    used.countDown();
                    end.await();
                });
                await(used);
                assertThatThrownBy(heap.get()::close).as("while it runs").isInstanceOf(IllegalStateException.class);
                end.countDown();
                thread.join();
                heap.get().close();
                assertThat(ProcSelf.isStillMapped(segment.get().address())).isFalse();
                assertThatThrownBy(() -> segment.get().get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(WrongThreadException.class);
            }
        }
    }

    @Test
    void anActionOfAMarkMayCloseTheScopeThatItIsCalledFor() {
        for (boolean closesHeap : new boolean[] {false, true}) {
            for (long size : new long[] {16, 100_000}) {
                for (boolean shared : new boolean[] {false, true}) {
                    AtomicReference<Heap> heap = new AtomicReference<>();
                    AtomicReference<HeapScope> scope = new AtomicReference<>();
                    heap.set(Heap.create(HeapOptions.shared().highWater(1, _ -> {
                        scope.get().close();
                        if (closesHeap) {
                            heap.get().close();
                        }
                    })));
                    scope.set(shared ? HeapScope.ofShared(heap.get()) : HeapScope.ofConfined(heap.get()));
                    assertThatThrownBy(() -> scope.get().allocate(size)).isInstanceOf(IllegalStateException.class)
                            .isNotInstanceOf(InvalidBlockException.class);
                    if (!closesHeap) {
                        assertThat(heap.get().statistics().liveBlocks()).isZero();
                    }
                    heap.get().close();
                    assertThat(heap.get().budget().usedBytes()).isZero();
                }
            }
        }
    }

    @Test
    void whatAMarksActionThrowsComesOutOfTheAllocationAndTheScopeIsAsItWas() {
        try (Heap heap = Heap.create(HeapOptions.shared().highWater(MIB, _ -> {
            throw new UnsupportedOperationException("too much");
        })); HeapScope scope = HeapScope.ofShared(heap)) {
            MemorySegment kept = scope.allocateFrom(ValueLayout.JAVA_LONG, 17);
            assertThatThrownBy(() -> scope.allocate(2 * MIB)).isInstanceOf(UnsupportedOperationException.class);
            assertThat(kept.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(17);
            scope.allocate(1000);
            assertThat(heap.budget().usedBytes()).isLessThan(MIB);
        }
    }

    /** What C writes behind a segment is found at the close, in each block, and keeps nothing else. */
    @Test
    void aHardenedHeapFindsAWriteBehindEachSegment() {
        Hardening canary = Hardening.NONE.withCanary();
        for (boolean grouped : new boolean[] {false, true}) {
            try (Heap heap = Heap.create(HeapOptions.shared().hardened(canary)); ScopeGroup group = ScopeGroup.create(heap, 1, 0)) {
                for (int damaged = 0; damaged <= 3; damaged++) {
                    long before = heap.statistics().liveBlocks();
                    HeapScope scope = grouped ? group.open() : HeapScope.ofConfined(heap);
                    for (int i = 0; i < 5; i++) {
                        long end = scope.allocate(40, 1).address() + 40;
                        if (i < damaged) {
                            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, end, (byte) ~Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, end));
                        }
                    }
                    if (damaged == 0) {
                        scope.close();
                    } else {
                        CorruptBlockException found = catchThrowableOfType(CorruptBlockException.class, scope::close);
                        assertThat(found.getSuppressed()).hasSize(damaged - 1).hasOnlyElementsOfType(CorruptBlockException.class);
                    }
                    assertThat(scope.scope().isAlive()).isFalse();
                    assertThat(heap.statistics().liveBlocks() - before).as("damaged blocks stay for good").isEqualTo(damaged);
                }
            }
        }
    }

    @Test
    void leaksAreTheHeaps() {
        AtomicReference<String> report = new AtomicReference<>("");
        try (Heap heap = Heap.create(HeapOptions.shared().named("images").leaks(Level.FULL, found -> report.set(found.toString())))) {
            HeapScope scope = HeapScope.ofShared(heap);
            scope.allocate(10_000);
            assertThat(heap.leakReport().sites()).singleElement().satisfies(site -> assertThat(site.bytes()).isEqualTo(10_000));
            scope.close();
            assertThat(heap.leakReport().sites()).isEmpty();
        }
        assertThat(report).hasValue("");
    }

    @Test
    void aCloseThatNativeCodePutsOffKeepsTheHeapOpen() throws Throwable {
        Heap heap = Heap.createShared();
        HeapScope scope = HeapScope.ofShared(heap);
        MemorySegment segment = scope.allocate(100_000);
        ScopeGroupTest.callBackWhileNativeCodeHas(segment, () -> {
            assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(heap::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("open scopes");
        });
        segment.fill((byte) 1);
        scope.close();
        heap.close();
    }

    /** Whoever comes first: the other finds it closed, or open. What a scope has is zero, and nobody else's, to its end. */
    @Test
    void scopesThatOpenBesideACloseAreRefusedOrKeepTheHeapOpen() {
        AtomicInteger opened = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        for (int round = 0; round < 100; round++) {
            Heap heap = Heap.createShared();
            OtherThread confined = OtherThread.start(() -> openAndClose(heap, () -> HeapScope.ofConfined(heap), () -> { }, opened, refused));
            OtherThread grouped = OtherThread.start(() -> {
                ScopeGroup group = ScopeGroup.create(heap, 3, 1000);
                openAndClose(heap, group::open, group::retire, opened, refused);
            });
            for (int i = 0; i < round * 50; i++) {
                Thread.onSpinWait();
            }
            while (!isDone(heap::close)) {
                Thread.yield();
            }
            confined.join();
            grouped.join();
            assertThat(heap.budget().usedBytes()).isZero();
        }
        assertThat(opened).hasPositiveValue();
        assertThat(refused).hasPositiveValue();
    }

    private static void openAndClose(Heap heap, Supplier<Arena> kind, Runnable retire, AtomicInteger opened, AtomicInteger refused) {
        try {
            for (int i = 0; i < 20; i++) {
                try (Arena scope = kind.get()) {
                    MemorySegment segment = scope.allocate(1000);
                    assertThat(segment.mismatch(MemorySegment.ofArray(new byte[1000]))).isEqualTo(-1);
                    segment.fill((byte) 1);
                    opened.incrementAndGet();
                }
                retire.run();
            }
        } catch (IllegalStateException closed) {
            assertThat(closed).hasMessage(heap + " is closed");
            refused.incrementAndGet();
        }
    }

    /** An allocation that has its block, and not yet its place in the scope, meets the end of both. */
    @Test
    void anAllocationBesideTheCloseOfItsScopeAndHeapIsDoneOrRefused() {
        for (HeapOptions kind : SHARED) {
            for (int round = 0; round < 100; round++) {
                Heap heap = Heap.create(kind);
                HeapScope scope = HeapScope.ofShared(heap);
                CountDownLatch started = new CountDownLatch(1);
                long size = round % 2 == 0 ? 60_000 : 70_000;
                OtherThread allocating = OtherThread.start(() -> {
                    started.countDown();
                    assertThatThrownBy(() -> {
                        while (true) {
                            scope.allocate(size);
                        }
                    }).isInstanceOf(IllegalStateException.class).isNotInstanceOf(InvalidBlockException.class);
                });
                await(started);
                for (int i = 0; i < round * 10; i++) {
                    Thread.onSpinWait();
                }
                scope.close();
                heap.close();
                allocating.join();
                assertThat(heap.budget().usedBytes()).isZero();
            }
        }
    }

    static boolean isDone(Runnable close) {
        try {
            close.run();
            return true;
        } catch (IllegalStateException refused) {
            assertThat(refused).hasMessageContaining("has open scopes");
            return false;
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** A scope is done or is not, an allocation too, and a close leaves at most what the heap's own takes. */
    @Test
    @Timeout(300)
    void besideAFullJavaHeapNothingHindersTheHeapsClose() throws IOException, InterruptedException {
        List<String> flags = List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea", "-Dbanos.mem.purgeDelayMillis=100000");
        assertThat(ChildJvm.run(flags, Full.class).output()).containsPattern("done [1-9]").containsPattern("out of memory [1-9]")
                .contains("left 0;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Full {
        private static final int ROUNDS = 16;
        private static final int CRUMBS = 150;

        private final FullJavaHeap javaHeap = new FullJavaHeap(ROUNDS * CRUMBS);
        private final Heap heap;
        private final ScopeGroup group;
        private final HeapScope[] scopes = new HeapScope[4];
        private int done;
        private int outOfMemory;

        private Full(HeapOptions kind) {
            heap = Heap.create(kind);
            group = ScopeGroup.create(heap, 2, 1000);
        }

        public static void main(String[] arguments) {
            int done = 0;
            int outOfMemory = 0;
            long left = 0;
            for (HeapOptions kind : SHARED) {
                Full full = new Full(kind);
                full.run();
                done += full.done;
                outOfMemory += full.outOfMemory;
                left += full.heap.budget().usedBytes();
            }
            System.out.println("done " + done + ", out of memory " + outOfMemory + ", left " + left + ";");
        }

        private void run() {
            for (int i = 0; i < scopes.length; i++) {
                use(i); // then all classes are there
                closeAll();
            }
            javaHeap.fill();
            for (int i = 0; i < ROUNDS; i++) {
                int kind = i % scopes.length;
                try {
                    use(kind);
                    done++;
                } catch (OutOfMemoryError javaHeapIsFull) {
                    outOfMemory++;
                }
                if (kind == scopes.length - 1) {
                    closeAll();
                }
                javaHeap.giveBack(CRUMBS);
            }
            closeAll();
            javaHeap.empty();
            closeAll();
            group.close();
            heap.close();
        }

        private void use(int kind) {
            scopes[kind] = switch (kind) {
                case 0 -> HeapScope.ofConfined(heap);
                case 1 -> HeapScope.ofShared(heap);
                default -> group.open();
            };
            for (int i = 0; i < 8; i++) {
                scopes[kind].allocate(100);
                scopes[kind].allocate(20_000 * i);
            }
        }

        /** One whose close is not done is closed again, when there is room. */
        private void closeAll() {
            for (int i = 0; i < scopes.length; i++) {
                try {
                    if (scopes[i] != null) {
                        scopes[i].close();
                        done++;
                    }
                    scopes[i] = null;
                } catch (OutOfMemoryError javaHeapIsFull) {
                    outOfMemory++;
                } catch (IllegalStateException closed) {
                    scopes[i] = null;
                }
            }
        }
    }
}
