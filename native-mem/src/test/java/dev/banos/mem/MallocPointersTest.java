package dev.banos.mem;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The pointers as C calls them: through downcalls, and on threads that the C library makes. */
class MallocPointersTest {
    private static final FunctionDescriptor ONE_SIZE = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor TWO_SIZES = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor FREE = FunctionDescriptor.ofVoid(JAVA_LONG);

    private final Arena scope = Arena.ofShared();
    private final Heap heap = Heap.create(HeapOptions.shared().named("called from C"));
    private final List<Throwable> reports = Collections.synchronizedList(new ArrayList<>());
    private final MallocPointers pointers = MallocPointers.of(heap, scope).reportingTo(reports::add);

    @AfterEach
    void close() {
        heap.close();
        scope.close();
    }

    private static MethodHandle call(MemorySegment pointer, FunctionDescriptor descriptor) {
        return Native.downcall(pointer.address(), descriptor);
    }

    private long live() {
        return heap.statistics().liveBlocks();
    }

    @Test
    void eachFunctionDoesItsWork() throws Throwable {
        long block = (long) call(pointers.malloc(), ONE_SIZE).invokeExact(100L);
        assertThat(heap.usableSize(block)).isEqualTo(112);
        assertThat((long) call(pointers.usableSize(), ONE_SIZE).invokeExact(block)).isEqualTo(112);
        assertThat((long) call(pointers.goodSize(), ONE_SIZE).invokeExact(100L)).isEqualTo(112);
        assertThat((long) call(pointers.goodSize(), ONE_SIZE).invokeExact(100_000L)).isEqualTo(102_400);
        Native.EVERYTHING.set(JAVA_LONG, block, 42L);
        long moved = (long) call(pointers.realloc(), TWO_SIZES).invokeExact(block, 70_000L);
        assertThat(Native.EVERYTHING.get(JAVA_LONG, moved)).isEqualTo(42);
        long zeros = (long) call(pointers.calloc(), TWO_SIZES).invokeExact(10L, 8L);
        assertThat(Native.segment(zeros, 80).mismatch(MemorySegment.ofArray(new byte[80]))).isEqualTo(-1);
        long aligned = (long) call(pointers.alignedAlloc(), TWO_SIZES).invokeExact(4096L, 10L);
        assertThat(aligned % 4096).isZero();
        long array = (long) call(pointers.mallocArray(), TWO_SIZES).invokeExact(3L, 40L);
        assertThat(heap.usableSize(array)).isEqualTo(128);
        assertThat(live()).isEqualTo(4);
        for (long each : new long[] {moved, zeros, aligned, array, 0}) {
            call(pointers.free(), FREE).invokeExact(each);
        }
        assertThat(live()).isZero();
        assertThat(reports).isEmpty();
    }

    @Test
    void noMemoryIsNull() throws Throwable {
        assertThat((long) call(pointers.malloc(), ONE_SIZE).invokeExact(1L << 60)).isZero();
        assertThat((long) call(pointers.malloc(), ONE_SIZE).invokeExact(-1L)).isZero();
        assertThat((long) call(pointers.calloc(), TWO_SIZES).invokeExact(1L << 40, 1L << 40)).isZero();
        assertThat((long) call(pointers.mallocArray(), TWO_SIZES).invokeExact(1L << 40, 1L << 40)).isZero();
        assertThat((long) call(pointers.alignedAlloc(), TWO_SIZES).invokeExact(24L, 8L)).isZero();
        assertThat(reports).isEmpty();
    }

    /** Above 31 bits an {@code unsigned int} is a size; what stands in the other half of the register is not. */
    @Test
    void sizesOfIntsAreWithoutSign() throws Throwable {
        MallocPointers ints = pointers.withIntSizes();
        long block = (long) call(ints.malloc(), FunctionDescriptor.of(JAVA_LONG, JAVA_INT)).invokeExact(50);
        assertThat((int) call(ints.usableSize(), FunctionDescriptor.of(JAVA_INT, JAVA_LONG)).invokeExact(block)).isEqualTo(64);
        block = (long) call(ints.realloc(), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT)).invokeExact(block, 300);
        assertThat(heap.usableSize(block)).isEqualTo(320);
        heap.free(block);
        block = (long) call(ints.malloc(), ONE_SIZE).invokeExact(0xDEADBEEF_00000010L);
        assertThat(heap.usableSize(block)).isEqualTo(16);
        heap.free(block);
        long large = (long) call(ints.malloc(), FunctionDescriptor.of(JAVA_LONG, JAVA_INT)).invokeExact(Integer.MIN_VALUE);
        assertThat(heap.usableSize(large)).isEqualTo(1L << 31);
        heap.free(large);
        assertThat(live()).isZero();
    }

    /** Otherwise a library that asks for as many bytes as it is told would write past them. */
    @Test
    void theGoodSizeOfAnIntIsNeverLess() throws Throwable {
        MethodHandle goodSize = call(pointers.withIntSizes().goodSize(), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        assertThat((int) goodSize.invokeExact(100)).isEqualTo(112);
        assertThat((int) goodSize.invokeExact(Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
        assertThat((int) goodSize.invokeExact(0xC000_0001)).isEqualTo(0xC000_1000);
        assertThat((int) goodSize.invokeExact(-1)).isEqualTo(-1);
    }

    @Test
    void aContextIsPassedOver() throws Throwable {
        MallocPointers contexts = pointers.withContext();
        long block = (long) call(contexts.malloc(), TWO_SIZES).invokeExact(0x1234L, 1000L);
        assertThat(heap.usableSize(block)).isEqualTo(1024);
        call(contexts.free(), FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG)).invokeExact(0x1234L, block);
        assertThat(live()).isZero();
        assertThat(contexts.withIntSizes()).isSameAs(pointers.withIntSizes().withContext()).isNotSameAs(contexts);
    }

    @Test
    void whatCDoesWrongIsReportedAndHasNoEffect() throws Throwable {
        long block = (long) call(pointers.malloc(), ONE_SIZE).invokeExact(64L);
        call(pointers.free(), FREE).invokeExact(block + 8);
        call(pointers.free(), FREE).invokeExact(1L);
        assertThat((long) call(pointers.realloc(), TWO_SIZES).invokeExact(block + 16, 100L)).isZero();
        assertThat((long) call(pointers.usableSize(), ONE_SIZE).invokeExact(block - 1)).isZero();
        assertThat(reports).hasSize(4).allSatisfy(report -> assertThat(report).isInstanceOf(InvalidBlockException.class));
        assertThat(reports.getFirst()).hasMessageContaining(Long.toHexString(block + 8)).hasMessageContaining("called from C");
        assertThat(live()).isEqualTo(1);
        call(pointers.free(), FREE).invokeExact(block);
        call(pointers.free(), FREE).invokeExact(block);
        assertThat(reports).hasSize(5);
        assertThat(live()).isZero();
    }

    @Test
    void aClosedHeapFailsAndReports() throws Throwable {
        MethodHandle malloc = call(pointers.malloc(), ONE_SIZE);
        heap.close();
        assertThat((long) malloc.invokeExact(64L)).isZero();
        assertThat(reports).singleElement().isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whatAReportThrowsDoesNotReachC() throws Throwable {
        MallocPointers throwing = pointers.reportingTo(report -> {
            reports.add(report);
            throw new IllegalStateException("from the report");
        });
        call(throwing.free(), FREE).invokeExact(3L);
        assertThat(reports).hasSize(1);
    }

    @Test
    void pointersOfMallocAreMadeOnce() throws Throwable {
        MallocPointers malloc = MallocPointers.ofMalloc();
        assertThat(malloc.malloc()).isEqualTo(MallocPointers.ofMalloc().malloc());
        assertThat(malloc.withIntSizes().free()).isEqualTo(MallocPointers.ofMalloc().withIntSizes().free());
        long block = (long) call(malloc.malloc(), ONE_SIZE).invokeExact(200L);
        assertThat(Malloc.usableSize(block)).isEqualTo(208);
        Malloc.free(block);
    }

    @Test
    void theTextSaysWhoseTheyAre() {
        assertThat(MallocPointers.ofMalloc()).hasToString("C functions of malloc");
        assertThat(MallocPointers.ofMalloc().withContext().withIntSizes())
                .hasToString("C functions of malloc, with int sizes, with a context");
    }

    /** The function that such a thread runs is malloc itself, and free: what it is given is a size, and a block. */
    @Test
    void threadsThatJavaDoesNotKnowMayCall() throws Throwable {
        Linker linker = Linker.nativeLinker();
        MethodHandle create = Native.downcall(linker.defaultLookup().findOrThrow("pthread_create").address(),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
        MethodHandle join = Native.downcall(linker.defaultLookup().findOrThrow("pthread_join").address(),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS));
        for (MallocPointers each : List.of(pointers, MallocPointers.ofMalloc().reportingTo(reports::add))) {
            for (int round = 0; round < 20; round++) {
                long[] blocks = runAll(create, join, each.malloc(), new long[] {8, 100, 5000, 1 << 20});
                assertThat(blocks).doesNotContain(0).doesNotHaveDuplicates();
                for (long block : blocks) {
                    Native.EVERYTHING.set(JAVA_LONG, block, 1L);
                }
                runAll(create, join, each.free(), blocks);
            }
        }
        assertThat(reports).isEmpty();
        assertThat(live()).isZero();
    }

    /** Runs one thread for each argument at the same time. @return what the function returned to each */
    private long[] runAll(MethodHandle create, MethodHandle join, MemorySegment function, long[] arguments) throws Throwable {
        MemorySegment threads = scope.allocate(JAVA_LONG, arguments.length);
        MemorySegment result = scope.allocate(JAVA_LONG);
        for (int i = 0; i < arguments.length; i++) {
            assertThat((int) create.invokeExact(threads.asSlice(i * JAVA_LONG.byteSize()), MemorySegment.NULL, function,
                    arguments[i])).isZero();
        }
        long[] results = new long[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            assertThat((int) join.invokeExact(threads.getAtIndex(JAVA_LONG, i), result)).isZero();
            results[i] = result.get(JAVA_LONG, 0);
        }
        return results;
    }
}
