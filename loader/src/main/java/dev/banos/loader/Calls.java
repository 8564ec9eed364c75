package dev.banos.loader;

import dev.banos.bindings.Native;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Downcall handles, one for each function type however many functions have it: making one takes tens of microseconds, and it
 * is never freed. Each takes the address to call first; a pointer to a driver's export counts as in use during the call.
 */
final class Calls {
    private static final Map<FunctionDescriptor, MethodHandle> HANDLES = new ConcurrentHashMap<>();

    /** {@code int (*)(struct Banos_Driver *)}: the driver's address stands for the pointer. */
    private static final class Lifecycle {
        private static final MethodHandle HANDLE =
                Native.downcall(FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG));
    }

    private Calls() {
    }

    static MethodHandle handle(FunctionDescriptor descriptor) {
        return HANDLES.computeIfAbsent(descriptor, Native::downcall);
    }

    /** Calls {@code init} or {@code uninit}. */
    static int lifecycle(long function, long driver) {
        try {
            return (int) Lifecycle.HANDLE.invokeExact(MemorySegment.ofAddress(function), driver);
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }
}
