package dev.banos.benchmarks;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.mem.Malloc;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The one allocator that this JVM measures, in constant handles, so that each allocator runs through the same code: Banos is
 * inlined, the others are critical downcalls. A benchmark with the parameter {@code allocator} has a fork for each.
 */
final class ChosenAllocator {
    /** For those that cannot be loaded beside the process's own: {@code LD_PRELOAD} put it in place of glibc's. */
    private static final String PRELOADED = "preloaded";
    private static final String BANOS = "banos";
    /** Banos with its cache of large blocks. */
    private static final String BANOS_CACHED = "banos-cached";
    private static final long CACHED_BYTES = 64 << 20;

    /** Null until one is chosen. */
    private static @Nullable String name;

    private ChosenAllocator() {
    }

    /** Before the first call of any other method. */
    static void choose(String allocator) {
        if (name != null && !name.equals(allocator)) {
            throw new IllegalStateException("this JVM measures " + name + ", not " + allocator + ": run with -f 1 or more");
        }
        if (allocator.equals(PRELOADED) && System.getenv("LD_PRELOAD") == null) {
            throw new IllegalStateException(PRELOADED + " is what LD_PRELOAD names, and it names nothing");
        }
        if (allocator.equals(BANOS_CACHED)) {
            System.setProperty("banos.mem.mappingCacheBytes", Long.toString(CACHED_BYTES));
        }
        name = allocator;
    }

    private static final class Handles {
        private static final MethodHandle MALLOC = find("malloc", 1, true);
        private static final MethodHandle CALLOC = find("calloc", 2, true);
        private static final MethodHandle REALLOC = find("realloc", 2, true);
        private static final MethodHandle ALIGNED = find("aligned_alloc", 2, true);
        private static final MethodHandle FREE = find("free", 1, false);
    }

    static long malloc(long size) throws Throwable {
        return (long) Handles.MALLOC.invokeExact(size);
    }

    static long calloc(long count, long size) throws Throwable {
        return (long) Handles.CALLOC.invokeExact(count, size);
    }

    static long realloc(long block, long size) throws Throwable {
        return (long) Handles.REALLOC.invokeExact(block, size);
    }

    static long alignedAlloc(long alignment, long size) throws Throwable {
        return (long) Handles.ALIGNED.invokeExact(alignment, size);
    }

    static void free(long block) throws Throwable {
        Handles.FREE.invokeExact(block);
    }

    /** @param arguments how many numbers the C function takes */
    private static MethodHandle find(String function, int arguments, boolean returns) {
        JavaShape shape = new JavaShape(arguments, returns);
        return switch (Objects.requireNonNull(name, "choose one first")) {
            case BANOS, BANOS_CACHED -> shape.ofBanos(function);
            case "glibc", PRELOADED -> MallocPeers.critical(MallocPeers.common(function), shape.descriptor());
            case "mimalloc" -> MallocPeers.critical(MallocPeers.library("libmimalloc.so.2", "mi_" + function), shape.descriptor());
            case "jemalloc" -> MallocPeers.critical(MallocPeers.library("libjemalloc.so.2", function), shape.descriptor());
            case "tcmalloc" -> MallocPeers.critical(
                    MallocPeers.library("libtcmalloc_minimal.so.4", tcmalloc(function)), shape.descriptor());
            default -> throw new IllegalArgumentException("allocator=" + name);
        };
    }

    private static String tcmalloc(String function) {
        return function.equals("aligned_alloc") ? "tc_memalign" : "tc_" + function;
    }

    /** A function of so many numbers, as Java and as C have it. */
    private record JavaShape(int arguments, boolean returns) {
        FunctionDescriptor descriptor() {
            FunctionDescriptor numbers = FunctionDescriptor.ofVoid(JAVA_LONG);
            if (arguments == 2) {
                numbers = numbers.appendArgumentLayouts(JAVA_LONG);
            }
            return returns ? numbers.changeReturnLayout(JAVA_LONG) : numbers;
        }

        MethodHandle ofBanos(String function) {
            MethodType type = descriptor().toMethodType();
            String method = function.equals("aligned_alloc") ? "alignedAlloc" : function;
            try {
                return MethodHandles.lookup().findStatic(Malloc.class, method, type);
            } catch (ReflectiveOperationException impossible) {
                throw new ExceptionInInitializerError(impossible);
            }
        }
    }
}
