package dev.banos.benchmarks;

import static dev.banos.bindings.generated.Linux.RTLD_LOCAL;
import static dev.banos.bindings.generated.Linux.RTLD_NOW;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.mem.Malloc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C allocators that Banos is measured against, called through critical downcalls: the cheapest way that Java has to
 * reach them. Debian packages libmimalloc2.0, libjemalloc2, libtcmalloc-minimal4.
 */
final class MallocPeers {
    private static final FunctionDescriptor MALLOC = FunctionDescriptor.of(JAVA_LONG, JAVA_LONG);
    private static final FunctionDescriptor FREE = FunctionDescriptor.ofVoid(JAVA_LONG);

    private MallocPeers() {
    }

    /** One holder class a library: none is loaded before it is measured. */
    static final class Mimalloc {
        static final MethodHandle MALLOC = critical(library("libmimalloc.so.2", "mi_malloc"), MallocPeers.MALLOC);
        static final MethodHandle FREE = critical(library("libmimalloc.so.2", "mi_free"), MallocPeers.FREE);
        static final MethodHandle ORDINARY_MALLOC = Native.downcall(library("libmimalloc.so.2", "mi_malloc"), MallocPeers.MALLOC);
        static final MethodHandle ORDINARY_FREE = Native.downcall(library("libmimalloc.so.2", "mi_free"), MallocPeers.FREE);
    }

    static final class Glibc {
        static final MethodHandle MALLOC = critical(common("malloc"), MallocPeers.MALLOC);
        static final MethodHandle FREE = critical(common("free"), MallocPeers.FREE);
        /** Ordinary: it may move 128 MiB, for which a garbage collection should not wait. */
        private static final MethodHandle REALLOC = Native.downcall(common("realloc"), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));

        static long realloc(long block, long bytes) throws Throwable {
            return (long) REALLOC.invokeExact(block, bytes);
        }
    }

    static final class Jemalloc {
        static final MethodHandle MALLOC = critical(library("libjemalloc.so.2", "malloc"), MallocPeers.MALLOC);
        static final MethodHandle FREE = critical(library("libjemalloc.so.2", "free"), MallocPeers.FREE);
    }

    static final class Tcmalloc {
        static final MethodHandle MALLOC = critical(library("libtcmalloc_minimal.so.4", "tc_malloc"), MallocPeers.MALLOC);
        static final MethodHandle FREE = critical(library("libtcmalloc_minimal.so.4", "tc_free"), MallocPeers.FREE);
    }

    /** One of the allocators for what is not measured: setting up and clearing away. */
    interface Calls {
        Calls BANOS = Malloc::free;
        Calls MIMALLOC = block -> Mimalloc.FREE.invokeExact(block);
        Calls GLIBC = block -> Glibc.FREE.invokeExact(block);

        void free(long block) throws Throwable;
    }

    static MethodHandle critical(long address, FunctionDescriptor descriptor) {
        return Native.downcall(address, descriptor, Linker.Option.critical(false));
    }

    static long common(String symbol) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(symbol).address();
    }

    static long library(String name, String symbol) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment handle = SystemCalls.dlopen(scope.allocateFrom(name), RTLD_NOW() | RTLD_LOCAL());
            if (handle.equals(MemorySegment.NULL)) {
                throw new IllegalStateException(name + ": " + SystemCalls.dlerror() + "; install it, or run with LD_PRELOAD="
                        + name + " and measure it as glibc");
            }
            return SystemCalls.dlsym(handle, scope.allocateFrom(symbol));
        }
    }
}
