package dev.banos.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NativeTest {
    private static final FunctionDescriptor LABS = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);

    @Test
    void anOffsetIntoEverythingIsAnAddress() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(JAVA_LONG);
            Native.EVERYTHING.set(JAVA_LONG, block.address(), 99);
            assertThat(block.get(JAVA_LONG, 0)).isEqualTo(99);
        }
        assertThat(Native.EVERYTHING.address()).isZero();
        assertThat(Native.EVERYTHING.byteSize()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aSegmentHasExactlyTheSizeAskedFor() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(16);
            MemorySegment view = Native.segment(block.address(), 12);

            assertThat(view.address()).isEqualTo(block.address());
            assertThat(view.byteSize()).isEqualTo(12);
            assertThatThrownBy(() -> view.get(JAVA_LONG, 8)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aLongIsReadAsAnAccessorReadsIt() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment block = scope.allocate(24);
            block.set(JAVA_LONG_UNALIGNED, 3, 0x0102_0304_0506_0708L);
            assertThat(Native.readLong(block.address() + 3)).isEqualTo(0x0102_0304_0506_0708L);
        }
    }

    @Test
    void anOffsetIsThatOfThePath() {
        StructLayout struct = MemoryLayout.structLayout(JAVA_INT.withName("a"), MemoryLayout.paddingLayout(4),
                ADDRESS.withName("b"), JAVA_INT.withName("c"));

        for (String member : List.of("a", "b", "c")) {
            assertThat(Native.offset(struct, member)).isEqualTo(struct.byteOffset(PathElement.groupElement(member)));
        }
        assertThatThrownBy(() -> Native.offset(struct, "d")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("member=d");
    }

    @Test
    void aSegmentOfNegativeSizeIsTheCallersMistake() {
        assertThatThrownBy(() -> Native.segment(4096, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aSegmentWithAScopeDiesWithItAndRunsItsCleanUpOnce() {
        List<Long> cleaned = new ArrayList<>();
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment block = memory.allocate(JAVA_LONG);
            MemorySegment view;
            try (Arena scope = Arena.ofConfined()) {
                view = Native.segment(block.address(), 8, scope, ended -> cleaned.add(ended.address()));
                view.set(JAVA_LONG, 0, 1);
            }
            assertThat(cleaned).containsExactly(block.address());
            assertThatThrownBy(() -> view.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aDowncallIsBoundToItsAddressOrTakesOne() throws Throwable {
        MemorySegment labs = Linker.nativeLinker().defaultLookup().findOrThrow("labs");

        assertThat((long) Native.downcall(labs.address(), LABS).invokeExact(-5L)).isEqualTo(5);
        assertThat((long) Native.downcall(LABS).invokeExact(labs, -6L)).isEqualTo(6);
    }

    @Test
    void cCallsBackIntoJava() throws Throwable {
        MethodHandle compare = MethodHandles.lookup().findStatic(NativeTest.class, "descending",
                MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
        MethodHandle qsort = Native.downcall(Linker.nativeLinker().defaultLookup().findOrThrow("qsort").address(),
                FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment numbers = scope.allocateFrom(JAVA_INT, 3, 9, 1);
            MemorySegment callback = Native.upcall(compare, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), scope);

            qsort.invokeExact(numbers, 3L, 4L, callback);

            assertThat(numbers.toArray(JAVA_INT)).containsExactly(9, 3, 1);
        }
    }

    private static int descending(MemorySegment a, MemorySegment b) {
        return Integer.compare(Native.EVERYTHING.get(JAVA_INT, b.address()), Native.EVERYTHING.get(JAVA_INT, a.address()));
    }
}
