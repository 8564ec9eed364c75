package dev.banos.mem;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.system.Kernel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When the memory of a closed scope may still be reached, that nobody else has it by then, and when it is gone. */
@Timeout(60)
class ScopeGroupTest {
    @Test
    void afterTheCloseTheScopeAllocatesNoMoreAndClosesNoMore() {
        try (ScopeGroup group = ScopeGroup.create()) {
            HeapScope scope = group.open();
            scope.allocate(8);
            scope.close();
            assertThatThrownBy(() -> scope.allocate(8)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> scope.allocate(100_000)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
            assertThat(group.waitingScopes()).isEqualTo(1);
        }
    }

    @Test
    void whenTheGenerationEndsEveryAccessThrowsAndTheMemoryIsFree() {
        ScopeGroup group = ScopeGroup.create(3, 1 << 20);
        List<MemorySegment> segments = new ArrayList<>();
        List<HeapScope> scopes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            scopes.add(group.open());
            segments.add(scopes.get(i).allocateFrom(ValueLayout.JAVA_LONG, i));
            segments.add(scopes.get(i).allocate(200_000));
        }
        long large = ProcSelf.mark(segments.get(1).address());
        scopes.get(2).close();
        scopes.get(0).close();
        assertThat(segments).allMatch(segment -> segment.scope().isAlive());
        assertThat(ProcSelf.isStillMapped(large)).as("waits").isTrue();
        assertThat(group.waitingBytes()).isGreaterThan(400_000);
        scopes.get(1).close();
        for (MemorySegment segment : segments) {
            assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        }
        assertThat(ProcSelf.isStillMapped(large)).isFalse();
        assertThat(group.waitingBytes()).isZero();
        assertThat(group.waitingScopes()).isZero();
    }

    @Test
    void untilThenTheMemoryIsNobodyElses() {
        try (ScopeGroup group = ScopeGroup.create()) {
            List<MemorySegment> late = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                try (Arena scope = group.open()) {
                    late.add(scope.allocateFrom(ValueLayout.JAVA_LONG, i));
                }
                try (Arena other = HeapScope.ofConfined()) {
                    other.allocate(8).set(ValueLayout.JAVA_LONG, 0, -1);
                }
            }
            for (int i = 0; i < late.size(); i++) {
                assertThat(late.get(i).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(i);
                late.get(i).set(ValueLayout.JAVA_LONG, 0, -2);
            }
            group.retire();
            assertThat(late).noneMatch(segment -> segment.scope().isAlive());
        }
    }

    @Test
    void retireEndsTheGenerationAtOnceOrAtItsLastClose() {
        ScopeGroup group = ScopeGroup.create();
        HeapScope first = group.open();
        MemorySegment firstSegment = first.allocate(8);
        HeapScope open = group.open();
        MemorySegment openSegment = open.allocate(8);
        first.close();
        group.retire();
        assertThat(firstSegment.scope().isAlive()).as("another scope of its generation is open").isTrue();
        openSegment.fill((byte) 1);
        HeapScope next = group.open();
        MemorySegment nextSegment = next.allocate(8);
        open.close();
        assertThat(firstSegment.scope().isAlive()).isFalse();
        assertThat(openSegment.scope().isAlive()).isFalse();
        assertThat(nextSegment.scope().isAlive()).isTrue();
        next.close();
        group.retire();
        assertThat(nextSegment.scope().isAlive()).isFalse();
        group.retire();
    }

    @Test
    void muchMemoryEndsAGenerationEarly() {
        ScopeGroup group = ScopeGroup.create(1000, 1 << 20);
        MemorySegment large;
        try (Arena scope = group.open()) {
            large = scope.allocate(2 << 20);
            ProcSelf.mark(large.address());
        }
        assertThat(large.scope().isAlive()).isFalse();
        assertThat(ProcSelf.isStillMapped(large.address())).isFalse();
    }

    @Test
    void aClosedGroupOpensNothingAndItsOpenScopesLiveOn() {
        ScopeGroup group = ScopeGroup.create();
        HeapScope scope = group.openUninitialized();
        group.close();
        assertThatThrownBy(group::open).isInstanceOf(IllegalStateException.class);
        MemorySegment segment = scope.allocate(8);
        segment.fill((byte) 1);
        scope.close();
        assertThat(segment.scope().isAlive()).isFalse();
        group.close();
    }

    @Test
    void segmentsAreZeroAlsoInMemoryThatWasUsedBefore() {
        try (ScopeGroup group = ScopeGroup.create(2, 1 << 20)) {
            for (int i = 0; i < 100; i++) {
                try (Arena scope = group.open()) {
                    MemorySegment segment = scope.allocate(300);
                    assertThat(segment.mismatch(MemorySegment.ofArray(new byte[300]))).isEqualTo(-1);
                    segment.fill((byte) 1);
                }
            }
        }
    }

    @Test
    void aSegmentInNativeCodePutsTheEndOff() throws Throwable {
        ScopeGroup group = ScopeGroup.create(1, 0);
        HeapScope scope = group.open();
        MemorySegment segment = scope.allocate(200_000);
        ProcSelf.mark(segment.address());
        AtomicLong waiting = new AtomicLong();
        callBackWhileNativeCodeHas(segment, () -> {
            scope.close();
            waiting.set(group.waitingScopes());
        });
        assertThat(waiting).hasValue(1);
        assertThat(ProcSelf.isStillMapped(segment.address())).isTrue();
        segment.fill((byte) 1);
        group.open().close();
        assertThat(segment.scope().isAlive()).isFalse();
        assertThat(ProcSelf.isStillMapped(segment.address())).isFalse();
        assertThat(group.waitingScopes()).isZero();
    }

    /** An {@link IllegalStateException} is also what a close throws that native code puts off. */
    @Test
    void aCleanupActionThatThrowsKeepsNoMemoryAndNoOtherGeneration() throws Throwable {
        ScopeGroup group = ScopeGroup.create(1, 0);
        List<RuntimeException> actions = List.of(new IllegalStateException("mine"), new RuntimeException("mine, too"));
        List<HeapScope> scopes = new ArrayList<>();
        List<MemorySegment> segments = new ArrayList<>();
        for (RuntimeException ofAction : actions) {
            HeapScope scope = group.open();
            scopes.add(scope);
            segments.add(scope.allocate(200_000));
            ProcSelf.mark(segments.getLast().address());
            Native.segment(Kernel.PAGE_BYTES, 8, scope, _ -> {
                throw ofAction;
            });
        }
        callBackWhileNativeCodeHas(segments.get(0),
                () -> callBackWhileNativeCodeHas(segments.get(1), () -> scopes.forEach(HeapScope::close)));
        assertThat(group.waitingScopes()).isEqualTo(2);
        assertThatThrownBy(group::retire).isSameAs(actions.get(0)).hasSuppressedException(actions.get(1));
        assertThat(segments).noneMatch(segment -> ProcSelf.isStillMapped(segment.address()));
        assertThat(group.waitingScopes()).isZero();
        assertThat(group.waitingBytes()).isZero();
        group.close();
    }

    /** By C's bsearch, which compares a key with the one element of an array that it is given. */
    static void callBackWhileNativeCodeHas(MemorySegment segment, ThrowingCallable action) throws Throwable {
        try (Arena stub = Arena.ofConfined()) {
            MethodHandle compare = MethodHandles.lookup().bind((Compare) () -> {
                action.call();
                return 0;
            }, "compare", MethodType.methodType(int.class));
            compare = MethodHandles.dropArguments(compare, 0, MemorySegment.class, MemorySegment.class);
            MemorySegment upcall = Native.upcall(compare, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), stub);
            MethodHandle bsearch = Native.downcall(Linker.nativeLinker().defaultLookup().findOrThrow("bsearch").address(),
                    FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
            MemorySegment found = (MemorySegment) bsearch.invokeExact(segment, segment, 1L, 8L, upcall);
            assertThat(found.address()).isEqualTo(segment.address());
        }
    }

    private interface Compare {
        int compare() throws Throwable;
    }

    @Test
    void wrongArguments() {
        assertThatThrownBy(() -> ScopeGroup.create(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ScopeGroup.create(1, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    private record Written(MemorySegment segment, long value) {
    }

    /** Threads open, write, close and hand closed segments around: what is read is the writer's, or an exception. */
    @Test
    void noAccessEverSeesAnotherScopesMemory() throws InterruptedException {
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Written[] exchange = new Written[16];
        try (ScopeGroup group = ScopeGroup.create(50, 100_000)) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                SplittableRandom random = new SplittableRandom(i);
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int round = 0; round < 10_000; round++) {
                            try (Arena scope = group.open()) {
                                long value = random.nextLong();
                                MemorySegment segment = scope.allocateFrom(ValueLayout.JAVA_LONG, value);
                                scope.allocate(random.nextLong(2000));
                                exchange[random.nextInt(exchange.length)] = new Written(segment, value);
                            }
                            Written seen = exchange[random.nextInt(exchange.length)];
                            if (seen != null) {
                                check(seen);
                            }
                        }
                    } catch (Throwable thrown) {
                        failures.add(thrown);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
    }

    private static void check(Written seen) {
        long value;
        try {
            value = seen.segment.get(ValueLayout.JAVA_LONG, 0);
        } catch (IllegalStateException ended) {
            assertThat(seen.segment.scope().isAlive()).isFalse();
            return;
        }
        assertThat(value).isEqualTo(seen.value);
    }
}
