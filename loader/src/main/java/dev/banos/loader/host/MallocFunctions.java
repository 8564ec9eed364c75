package dev.banos.loader.host;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.loader.call.UpcallEdge;
import dev.banos.loader.process.CLibrary;
import dev.banos.mem.Malloc;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.Objects;

/**
 * The runtime's own allocator as C functions, which drivers import as {@code banos_malloc} and so on; a whole library that
 * imports {@code malloc} gets it through {@code Loader.publish}. A wrong pointer cannot raise an exception in C: it is reported
 * on standard error, the call fails, and nothing changes.
 */
final class MallocFunctions {
    static final Map<String, FunctionDescriptor> BY_NAME = Map.of(
            "banos_malloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG),
            "banos_calloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG),
            "banos_realloc", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG),
            "banos_free", FunctionDescriptor.ofVoid(JAVA_LONG));

    /** C's errno is a variable of the thread; this asks where. */
    private static final class ErrnoLocation {
        private static final MethodHandle HANDLE =
                Native.downcall(CLibrary.find("__errno_location"), FunctionDescriptor.of(JAVA_LONG));
    }

    private MallocFunctions() {
    }

    static boolean has(String name) {
        return BY_NAME.containsKey(name);
    }

    static MemorySegment upcall(String name, Arena scope) {
        FunctionDescriptor descriptor = Objects.requireNonNull(BY_NAME.get(name), name);
        String method = name.substring(name.indexOf('_') + 1);
        try {
            return UpcallEdge.stub(name, MethodHandles.lookup().findStatic(MallocFunctions.class, method, descriptor.toMethodType()),
                    descriptor, scope);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(name, missing);
        }
    }

    static Iterable<String> names() {
        return BY_NAME.keySet().stream().sorted().toList();
    }

    private static long malloc(long size) throws Throwable {
        return orErrno(Malloc.malloc(size), size);
    }

    private static long calloc(long count, long size) throws Throwable {
        return orErrno(Malloc.calloc(count, size), size);
    }

    private static long realloc(long address, long size) throws Throwable {
        return orErrno(Malloc.realloc(address, size), size);
    }

    private static void free(long address) {
        Malloc.free(address);
    }

    /** A failed allocation's errno is in the thread control block; C looks for it in its own variable. */
    private static long orErrno(long address, long size) throws Throwable {
        if (address == 0 && size != 0) {
            long errno = (long) ErrnoLocation.HANDLE.invokeExact();
            Native.segment(errno, JAVA_INT.byteSize()).set(ValueLayout.JAVA_INT, 0, Tcb.current().errno());
        }
        return address;
    }
}
