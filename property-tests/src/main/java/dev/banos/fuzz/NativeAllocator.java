package dev.banos.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * An allocator of C, called through its functions' addresses. The handles take the address as their first argument, so
 * that a new instance links nothing: a fuzzer makes thousands.
 *
 * <p>The calls are critical ones: they skip the change of thread state, which costs as much as a malloc. That is safe, since
 * an allocator never calls back into Java; one that hangs delays the JVM's safepoints, and a foreign one therefore runs in
 * a child process that can be ended.
 */
final class NativeAllocator implements AllocatorUnderTest {
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final Linker.Option CRITICAL = Linker.Option.critical(false);

    private static final MethodHandle ONE = Native.downcall(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), ERRNO, CRITICAL);
    private static final MethodHandle TWO = Native.downcall(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG), ERRNO, CRITICAL);
    private static final MethodHandle FREE = Native.downcall(FunctionDescriptor.ofVoid(JAVA_LONG), CRITICAL);
    private static final MethodHandle POSIX_MEMALIGN = Native.downcall(
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG), CRITICAL);

    private static final long SMALLEST_POSIX_ALIGNMENT = 8;

    /** The errno of the thread and, after it, the word that posix_memalign writes to. */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(2 * JAVA_LONG.byteSize(), JAVA_LONG.byteAlignment()));

    private final MemorySegment malloc;
    private final MemorySegment calloc;
    private final MemorySegment realloc;
    private final MemorySegment free;
    private final @Nullable MemorySegment aligned;
    private final boolean alignedIsPosix;
    private final @Nullable MemorySegment usable;
    private final Promises promises;
    private final Runnable close;

    /**
     * @param prefix  of the functions' names, for messages
     * @param symbols gives the address of a function by its name in C without the prefix, or 0 where there is none
     */
    NativeAllocator(String name, String prefix, ToLongFunction<String> symbols, Promises promises, Runnable close) {
        malloc = required(name, prefix, symbols, "malloc");
        calloc = required(name, prefix, symbols, "calloc");
        realloc = required(name, prefix, symbols, "realloc");
        free = required(name, prefix, symbols, "free");
        MemorySegment posix = optional(symbols, "posix_memalign");
        alignedIsPosix = posix != null;
        aligned = alignedIsPosix ? posix : optional(symbols, "aligned_alloc");
        MemorySegment linux = optional(symbols, "malloc_usable_size");
        usable = linux != null ? linux : optional(symbols, "usable_size");
        Promises known = usable == null ? promises.withoutUsableSize() : promises;
        this.promises = aligned == null ? known.withLargestAlignment(0)
                : alignedIsPosix ? known.withCheckedAlignments() : known;
        this.close = close;
    }

    private static MemorySegment required(String name, String prefix, ToLongFunction<String> symbols, String function) {
        MemorySegment address = optional(symbols, function);
        if (address == null) {
            throw new TargetException(name + ": it has no function " + prefix + function + (prefix.isEmpty()
                    ? "; if its names carry a prefix, add it: LIB.so:PREFIX" : "; nm lists the names that it has"));
        }
        return address;
    }

    private static @Nullable MemorySegment optional(ToLongFunction<String> symbols, String function) {
        long address = symbols.applyAsLong(function);
        return address == 0 ? null : MemorySegment.ofAddress(address);
    }

    @Override
    public long malloc(long size) {
        try {
            return (long) ONE.invokeExact(malloc, STATE.get(), size);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    @Override
    public long calloc(long count, long size) {
        try {
            return (long) TWO.invokeExact(calloc, STATE.get(), count, size);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    @Override
    public long realloc(long address, long size) {
        try {
            return (long) TWO.invokeExact(realloc, STATE.get(), address, size);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    @Override
    public long alignedAlloc(long alignment, long size) {
        try {
            return alignedIsPosix
                    ? posixMemalign(STATE.get(), isTooSmall(alignment) ? SMALLEST_POSIX_ALIGNMENT : alignment, size)
                    : (long) TWO.invokeExact(aligned, STATE.get(), alignment, roundUp(size, alignment));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /** Of the powers of two; what is none must be refused as it is. */
    private static boolean isTooSmall(long alignment) {
        return Long.bitCount(alignment) == 1 && Long.compareUnsigned(alignment, SMALLEST_POSIX_ALIGNMENT) < 0;
    }

    /** C11 wanted a multiple of the alignment, and some allocators still do. A size that overflows stays as it is: too large. */
    private static long roundUp(long size, long alignment) {
        long rounded = (size + alignment - 1) & -alignment;
        return Long.compareUnsigned(rounded, size) < 0 ? size : rounded;
    }

    private long posixMemalign(MemorySegment state, long alignment, long size) throws Throwable {
        long out = state.address() + JAVA_LONG.byteSize();
        int error = (int) POSIX_MEMALIGN.invokeExact(aligned, out, alignment, size);
        if (error != 0) {
            SystemCalls.setErrno(state, error);
            return 0;
        }
        return state.get(JAVA_LONG, JAVA_LONG.byteSize());
    }

    @Override
    public void free(long address) {
        try {
            FREE.invokeExact(free, address);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    @Override
    public long usableSize(long address) {
        try {
            return (long) ONE.invokeExact(usable, STATE.get(), address);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    @Override
    public int errno() {
        return SystemCalls.errno(STATE.get());
    }

    @Override
    public Promises promises() {
        return promises;
    }

    @Override
    public void close() {
        close.run();
    }

    /** A downcall throws nothing of its own; what arrives here is the JVM's own error. */
    private static Error impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        throw new AssertionError(thrown);
    }
}
