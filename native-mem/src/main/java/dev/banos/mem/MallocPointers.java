package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.mem.mappings.DirectMappings;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.SizeClasses;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The allocator's functions as C function pointers, for libraries that take an allocator. Any thread may call them, also one
 * that Java has never seen: the JVM attaches it at its first call.
 *
 * <pre>{@code
 *   MallocPointers c = MallocPointers.ofMalloc();                          // malloc(size_t), free(void *), ...
 *   MallocPointers zlib = c.withContext().withIntSizes();                  // zalloc(void *opaque, uInt items, uInt size)
 *   stream.set(ADDRESS, ZALLOC, zlib.mallocArray());
 *   stream.set(ADDRESS, ZFREE, zlib.free());
 * }</pre>
 *
 * <p>The functions work as those of {@link Malloc}, but throw nothing into C, which would end the process. What goes wrong is
 * <b>reported</b>, to standard error or where {@link #reportingTo} says, and C gets its usual sign of failure: a wrong free has no
 * effect, realloc of a wrong address returns null, and its usable size is 0. C's own errno does not tell what failed, and may
 * change with each call, even of free, because the JVM and the kernel are called in between.
 *
 * <p>Each call goes from C into Java and back, which takes some 40 ns, several times what C's own malloc takes. C must not call the
 * functions while Java has called it through a critical handle, nor when the JVM has come to its end (from {@code atexit},
 * say): either ends the process.
 */
public final class MallocPointers {
    enum Function { MALLOC, MALLOC_ARRAY, CALLOC, REALLOC, FREE, ALIGNED_ALLOC, USABLE_SIZE, GOOD_SIZE }

    private static final int INT_SIZES = 1;
    private static final int CONTEXT = 2;
    private static final MethodHandle TO_SIZE = find(MethodHandles.lookup(), Integer.class, "toUnsignedLong", long.class, int.class);
    private static final MethodHandle TO_INT = find(MethodHandles.lookup(), MallocPointers.class, "toInt", int.class, long.class);
    private static final MallocPointers OF_MALLOC = new MallocPointers(null, Arena.global(), MallocPointers::print);

    /** Null where {@link Malloc} serves. */
    private final @Nullable Heap heap;
    private final Arena scope;
    private final Consumer<? super Throwable> reports;
    /** The four kinds of the same functions, made when first asked for: indexes are sums of the constants above. */
    private final MallocPointers[] kinds;
    private final int kind;
    private final Map<Function, MemorySegment> made = new EnumMap<>(Function.class);

    private MallocPointers(@Nullable Heap heap, Arena scope, Consumer<? super Throwable> reports) {
        this(heap, scope, reports, new MallocPointers[INT_SIZES + CONTEXT + 1], 0);
        kinds[0] = this;
    }

    private MallocPointers(@Nullable Heap heap, Arena scope, Consumer<? super Throwable> reports, MallocPointers[] kinds, int kind) {
        this.heap = heap;
        this.scope = scope;
        this.reports = reports;
        this.kinds = kinds;
        this.kind = kind;
    }

    /** {@return the functions of {@link Malloc}, which C can call until the process ends} */
    public static MallocPointers ofMalloc() {
        return OF_MALLOC;
    }

    /**
     * The functions of a heap. After the heap's close they fail, and report that.
     *
     * @param heap one for all threads, unless the library calls only from the thread that made the heap
     * @param scope a call after its close ends the process
     * @return the functions, each made when it is first asked for
     */
    public static MallocPointers of(Heap heap, Arena scope) {
        return new MallocPointers(Objects.requireNonNull(heap, "heap"), Objects.requireNonNull(scope, "scope"),
                MallocPointers::print);
    }

    /**
     * Functions that give what goes wrong to {@code reports}, on the thread that called.
     *
     * @param reports gets what Java would have thrown; what it throws itself is dropped
     * @return other functions of the same heap
     */
    public MallocPointers reportingTo(Consumer<? super Throwable> reports) {
        MallocPointers root = new MallocPointers(heap, scope, Objects.requireNonNull(reports, "reports"));
        return root.ofKind(kind);
    }

    /** {@return functions whose sizes, counts and alignments are C's {@code unsigned int}, or {@code int} without a sign} */
    public MallocPointers withIntSizes() {
        return ofKind(kind | INT_SIZES);
    }

    /**
     * {@return functions with a first argument that they do not use: a pointer to what libraries call opaque, user data or context}
     */
    public MallocPointers withContext() {
        return ofKind(kind | CONTEXT);
    }

    private MallocPointers ofKind(int wanted) {
        synchronized (kinds) {
            if (kinds[wanted] == null) {
                kinds[wanted] = new MallocPointers(heap, scope, reports, kinds, wanted);
            }
            return kinds[wanted];
        }
    }

    /** {@return {@code void *malloc(size_t size)}} */
    public MemorySegment malloc() {
        return pointer(Function.MALLOC);
    }

    /** {@return {@code void *malloc_array(size_t count, size_t size)}: as calloc, but with undefined content} */
    public MemorySegment mallocArray() {
        return pointer(Function.MALLOC_ARRAY);
    }

    /** {@return {@code void *calloc(size_t count, size_t size)}} */
    public MemorySegment calloc() {
        return pointer(Function.CALLOC);
    }

    /** {@return {@code void *realloc(void *block, size_t size)}} */
    public MemorySegment realloc() {
        return pointer(Function.REALLOC);
    }

    /** {@return {@code void free(void *block)}} */
    public MemorySegment free() {
        return pointer(Function.FREE);
    }

    /** {@return {@code void *aligned_alloc(size_t alignment, size_t size)}} {@link #free} frees such blocks too. */
    public MemorySegment alignedAlloc() {
        return pointer(Function.ALIGNED_ALLOC);
    }

    /** {@return {@code size_t usable_size(void *block)}: 0 for null} */
    public MemorySegment usableSize() {
        return pointer(Function.USABLE_SIZE);
    }

    /** {@return {@code size_t good_size(size_t size)}: how many bytes a block of {@code size} would really have} */
    public MemorySegment goodSize() {
        return pointer(Function.GOOD_SIZE);
    }

    @Override
    public String toString() {
        return "C functions of " + (heap == null ? "malloc" : heap) + ((kind & INT_SIZES) == 0 ? "" : ", with int sizes")
                + ((kind & CONTEXT) == 0 ? "" : ", with a context");
    }

    private MemorySegment pointer(Function function) {
        synchronized (made) {
            return made.computeIfAbsent(function, this::make);
        }
    }

    private MemorySegment make(Function function) {
        MethodHandle target = target(function);
        return Native.upcall(target, descriptor(target.type()), scope);
    }

    /** What C calls, of the type that C gives it. */
    MethodHandle target(Function function) {
        MethodHandle target = switch (function) {
            case MALLOC -> sized("mallocOrNull", 0, 1, false);
            case MALLOC_ARRAY -> sized("mallocArrayOrNull", 0, 2, false);
            case CALLOC -> sized("callocOrNull", 0, 2, false);
            case REALLOC -> sized("reallocOrNull", 1, 1, false);
            case FREE -> bound("freeOrReport", void.class, 1);
            case ALIGNED_ALLOC -> sized("alignedAllocOrNull", 0, 2, false);
            case USABLE_SIZE -> sized("usableSizeOrZero", 1, 0, true);
            case GOOD_SIZE -> (kind & INT_SIZES) == 0 ? bound("goodSizeOf", long.class, 1)
                    : bound("goodIntSizeOf", MethodType.methodType(int.class, int.class));
        };
        return (kind & CONTEXT) == 0 ? target : MethodHandles.dropArguments(target, 0, long.class);
    }

    /** A pointer is passed as a number of the same size and class, which saves an object a call. */
    private static FunctionDescriptor descriptor(MethodType type) {
        MemoryLayout[] arguments = type.parameterList().stream().map(MallocPointers::layout).toArray(MemoryLayout[]::new);
        return type.returnType() == void.class ? FunctionDescriptor.ofVoid(arguments)
                : FunctionDescriptor.of(layout(type.returnType()), arguments);
    }

    private static MemoryLayout layout(Class<?> type) {
        return type == int.class ? ValueLayout.JAVA_INT : ValueLayout.JAVA_LONG;
    }

    /** @param returnsSize whether it returns a size, not a pointer */
    private MethodHandle sized(String name, int pointers, int sizes, boolean returnsSize) {
        MethodHandle target = bound(name, long.class, pointers + sizes);
        if ((kind & INT_SIZES) == 0) {
            return target;
        }
        for (int i = 0; i < sizes; i++) {
            target = MethodHandles.filterArguments(target, pointers + i, TO_SIZE);
        }
        return returnsSize ? MethodHandles.filterReturnValue(target, TO_INT) : target;
    }

    private MethodHandle bound(String name, Class<?> result, int arguments) {
        Class<?>[] types = new Class<?>[arguments];
        Arrays.fill(types, long.class);
        return bound(name, MethodType.methodType(result, types));
    }

    private MethodHandle bound(String name, MethodType type) {
        try {
            return MethodHandles.lookup().bind(this, name, type);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(name, e);
        }
    }

    private static MethodHandle find(MethodHandles.Lookup lookup, Class<?> owner, String name, Class<?> result, Class<?> argument) {
        try {
            return lookup.findStatic(owner, name, MethodType.methodType(result, argument));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(name, e);
        }
    }

    private static int toInt(long size) {
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    private long mallocOrNull(long size) {
        try {
            return heap == null ? Malloc.malloc(size) : heap.malloc(size);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private long mallocArrayOrNull(long count, long size) {
        try {
            return heap == null ? Malloc.reallocarray(0, count, size) : heap.reallocarray(0, count, size);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private long callocOrNull(long count, long size) {
        try {
            return heap == null ? Malloc.calloc(count, size) : heap.calloc(count, size);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private long reallocOrNull(long address, long size) {
        try {
            return heap == null ? Malloc.realloc(address, size) : heap.realloc(address, size);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private void freeOrReport(long address) {
        try {
            if (heap == null) {
                Malloc.free(address);
            } else {
                heap.free(address);
            }
        } catch (Throwable thrown) {
            reported(thrown);
        }
    }

    private long alignedAllocOrNull(long alignment, long size) {
        try {
            return heap == null ? Malloc.alignedAlloc(alignment, size) : heap.alignedAlloc(alignment, size);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private long usableSizeOrZero(long address) {
        try {
            return heap == null ? Malloc.usableSize(address) : heap.usableSize(address);
        } catch (Throwable thrown) {
            return reported(thrown);
        }
    }

    private long goodSizeOf(long size) {
        Domain domain = heap == null ? Domain.MALLOC : heap.domain();
        if ((heap == null ? Heap.hardenedMalloc() : heap.hardened()) != null) {
            return size;
        }
        if (Long.compareUnsigned(size, SizeClasses.DIRECT_BYTES) < 0) {
            return SizeClasses.slotBytes(SizeClasses.indexOf(Math.max(size, 1)));
        }
        long bytes = domain.mappings.bytes(size);
        return bytes == DirectMappings.NONE ? size : bytes;
    }

    /** At least {@code size}, which without a sign may be more than an int with one can say. */
    private int goodIntSizeOf(int size) {
        long most = size >= 0 ? Integer.MAX_VALUE : 0xFFFF_FFFFL;
        return (int) Math.min(goodSizeOf(Integer.toUnsignedLong(size)), most);
    }

    /** @return 0, for C */
    private long reported(Throwable thrown) {
        try {
            reports.accept(thrown);
        } catch (Throwable again) {
            // Most often the stack or the memory that is still too short. There is nobody left to tell, and C must not see it.
            return 0;
        }
        return 0;
    }

    private static void print(Throwable thrown) {
        System.err.println("banos: called from C: " + thrown);
    }
}
