package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.banos.bindings.Native;
import dev.banos.mem.insight.LeakTracking.Level;
import dev.banos.mem.system.Kernel;
import dev.banos.testing.OtherThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The laws of a scope: zero, exact size, aligned, disjoint, unreachable after the close. */
class HeapScopeTest {
    private static final Heap SHARED = Heap.createShared();
    private static final Heap CHILD = Heap.create(HeapOptions.shared().childOf(SHARED).limit(64 << 20));
    private static final Heap CACHED = Heap.create(HeapOptions.shared().mappingCache(1 << 20));
    private static final Heap HARDENED = Heap.create(HeapOptions.shared().hardened(Hardening.ALL));
    private static final Heap REMEMBERED = Heap.create(HeapOptions.shared().leaks(Level.FULL, _ -> { }));

    private static final List<Supplier<Arena>> KINDS = List.of(HeapScope::ofConfined, HeapScope::ofShared,
            () -> HeapScope.ofConfined(CHILD), () -> HeapScope.ofShared(CHILD), () -> HeapScope.ofConfined(REMEMBERED));
    /** Also those of heaps that keep what is freed. */
    private static final List<Supplier<Arena>> ALL_KINDS = Stream.concat(KINDS.stream(), Stream.<Supplier<Arena>>of(
            () -> HeapScope.ofConfined(CACHED), () -> HeapScope.ofShared(CACHED), () -> HeapScope.ofShared(HARDENED),
            () -> HeapScope.ofConfined(Heap.current()), () -> HeapScope.ofShared(Heap.current()))).toList();

    @AfterAll
    static void nothingIsLeftInTheHeaps() {
        for (Heap heap : List.of(CHILD, SHARED, CACHED, HARDENED, REMEMBERED)) {
            assertThat(heap.statistics().liveBlocks()).as("%s", heap).isZero();
            heap.close();
        }
    }

    @Test
    void segmentsAreZeroExactAlignedAndDisjoint() {
        for (Supplier<Arena> kind : ALL_KINDS) {
            for (int round = 0; round < 50; round++) {
                SplittableRandom random = new SplittableRandom(round);
                try (Arena scope = kind.get()) {
                    List<MemorySegment> segments = new ArrayList<>();
                    for (int i = 0; i < 100; i++) {
                        long size = random.nextInt(10) == 0 ? random.nextLong(100_000) : random.nextLong(200);
                        long alignment = 1L << random.nextInt(13);
                        MemorySegment segment = scope.allocate(size, alignment);
                        assertThat(segment.byteSize()).isEqualTo(size);
                        assertThat(segment.address() % alignment).isZero();
                        assertThat(segment.mismatch(MemorySegment.ofArray(new byte[(int) size]))).isEqualTo(-1);
                        segment.fill((byte) i);
                        segments.add(segment);
                    }
                    for (int i = 0; i < segments.size(); i++) {
                        for (long at = 0; at < segments.get(i).byteSize(); at++) {
                            if (segments.get(i).get(ValueLayout.JAVA_BYTE, at) != (byte) i) {
                                throw new AssertionError("segment " + i + " was overwritten");
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void afterTheCloseNothingIsReachable() {
        List<Supplier<Arena>> all = new ArrayList<>(ALL_KINDS);
        all.addAll(List.of(HeapScope::ofConfinedUninitialized, HeapScope::ofSharedUninitialized,
                () -> HeapScope.ofConfinedUninitialized(SHARED), () -> HeapScope.ofSharedUninitialized(SHARED)));
        for (Supplier<Arena> kind : all) {
            Arena scope = kind.get();
            MemorySegment small = scope.allocate(8);
            MemorySegment large = scope.allocate(1 << 20);
            scope.close();
            assertThat(scope.scope().isAlive()).isFalse();
            assertThatThrownBy(() -> small.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> large.set(ValueLayout.JAVA_BYTE, 0, (byte) 1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> scope.allocate(8)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> scope.allocate(1 << 20)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void theTextSaysWhoseItIsAndWhetherItIsClosed() {
        HeapScope scope = HeapScope.ofConfined();
        String whose = "scope of thread " + Thread.currentThread().threadId();
        assertThat(scope).hasToString(whose);
        scope.close();
        assertThat(scope).hasToString(whose + ", closed");
        try (ScopeGroup group = ScopeGroup.create()) {
            HeapScope joined = group.open();
            assertThat(joined).hasToString("shared scope");
            joined.close();
            assertThat(joined).hasToString("shared scope, closed");
        }
    }

    @Test
    void theCloseGivesLargeBlocksBackToTheSystem() {
        for (Supplier<Arena> kind : KINDS) {
            long address;
            try (Arena scope = kind.get()) {
                address = ProcSelf.mark(scope.allocate(1 << 20).address());
                assertThat(ProcSelf.isStillMapped(address)).isTrue();
            }
            assertThat(ProcSelf.isStillMapped(address)).isFalse();
        }
    }

    /** The scope has no memory yet, or has some; a block for what the action is refused would be lost each time. */
    @Test
    void aCleanupActionCanAllocateNothing() {
        int times = 1000;
        for (Supplier<Arena> kind : ALL_KINDS) {
            long live = Malloc.statistics().liveBlocks();
            for (int i = 0; i < times; i++) {
                Arena scope = kind.get();
                if (i % 2 == 0) {
                    scope.allocate(40);
                }
                Native.segment(Kernel.PAGE_BYTES, 8, scope, _ -> assertThatThrownBy(() -> scope.allocate(400))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed"));
                scope.close();
                assertThatThrownBy(() -> scope.allocate(40)).isInstanceOf(IllegalStateException.class);
            }
            assertThat(Malloc.statistics().liveBlocks()).isLessThan(live + times / 2);
        }
    }

    /** An {@link IllegalStateException} is also what a close throws that did not happen. */
    @Test
    void aCleanupActionThatThrowsKeepsNoMemory() {
        for (RuntimeException ofAction : List.of(new RuntimeException("mine"), new IllegalStateException("mine"))) {
            for (Supplier<Arena> kind : KINDS) {
                Arena scope = kind.get();
                long address = ProcSelf.mark(scope.allocate(1 << 20).address());
                Native.segment(Kernel.PAGE_BYTES, 8, scope, _ -> {
                    assertThat(ProcSelf.isStillMapped(address)).as("until all actions have run").isTrue();
                    assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
                    assertThat(ProcSelf.isStillMapped(address)).isTrue();
                    throw ofAction;
                });
                assertThatThrownBy(scope::close).isSameAs(ofAction);
                assertThat(ProcSelf.isStillMapped(address)).isFalse();
                assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    /** It may come of the JVM's part of the close, before all threads were asked: one may still be in the memory. */
    @Test
    void anErrorOfTheJvmKeepsTheMemoryOfASharedScope() {
        try (ScopeGroup group = ScopeGroup.create(1, 0)) {
            for (Arena scope : List.of(HeapScope.ofShared(), group.open())) {
                long address = ProcSelf.mark(scope.allocate(1 << 20).address());
                Native.segment(Kernel.PAGE_BYTES, 8, scope, _ -> {
                    throw new StackOverflowError();
                });
                assertThatThrownBy(scope::close).isInstanceOf(StackOverflowError.class);
                assertThat(scope.scope().isAlive()).isFalse();
                assertThat(ProcSelf.isStillMapped(address)).isTrue();
                assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class).hasMessage("Already closed");
            }
        }
    }

    @Test
    void whoMeetsACloseThatIsPutOffIsNotToldThatTheScopeIsClosed() throws Throwable {
        Arena scope = HeapScope.ofShared();
        MemorySegment segment = scope.allocate(8);
        Set<String> messages = ConcurrentHashMap.newKeySet();
        Runnable closes = () -> {
            for (int i = 0; i < 20_000; i++) {
                messages.add(String.valueOf(catchThrowable(scope::close).getMessage()));
            }
        };
        ScopeGroupTest.callBackWhileNativeCodeHas(segment, () -> {
            Thread other = Thread.ofPlatform().start(closes);
            closes.run();
            other.join();
        });
        assertThat(messages).isNotEmpty().doesNotContain("Already closed");
        scope.close();
    }

    @Test
    void aCloseThatNativeCodePutsOffTakesNothingAndMayComeAgain() throws Throwable {
        for (Supplier<Arena> kind : KINDS) {
            Arena scope = kind.get();
            MemorySegment segment = scope.allocate(1 << 20);
            ProcSelf.mark(segment.address());
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            ScopeGroupTest.callBackWhileNativeCodeHas(segment, () -> thrown.set(catchThrowable(scope::close)));
            assertThat(thrown.get()).isInstanceOf(IllegalStateException.class);
            segment.set(ValueLayout.JAVA_BYTE, 1000, (byte) 1);
            scope.close();
            assertThat(ProcSelf.isStillMapped(segment.address())).isFalse();
        }
    }

    @Test
    void aConfinedScopeServesItsThreadOnly() throws InterruptedException {
        try (Arena scope = HeapScope.ofConfined()) {
            MemorySegment segment = scope.allocate(8);
            OtherThread.run(() -> {
                assertThatThrownBy(() -> scope.allocate(8)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(scope::close).isInstanceOf(WrongThreadException.class);
            });
        }
    }

    @Test
    void wrongArguments() {
        try (Arena scope = HeapScope.ofConfined()) {
            assertThatThrownBy(() -> scope.allocate(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> scope.allocate(8, 3)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> scope.allocate(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
            assertThat(scope.allocate(0).byteSize()).isZero();
        }
    }
}
