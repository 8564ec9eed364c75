package dev.banos.loader;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Handles that ask at each call which instance stands behind an export. The pointer that they get counts as in use during the
 * call; one that was closed between being asked for and being used makes the call ask again, before anything was called.
 */
final class Rebinding {
    /** How often in a row a replacement may come between; each takes far longer than the moment that it has to hit. */
    private static final int ATTEMPTS = 4;
    private static final MethodHandle ENTRY = entry();

    private Rebinding() {
    }

    /** @param call takes the address to call first */
    static MethodHandle of(MethodHandle call, Export export) {
        MethodHandle once = MethodHandles.foldArguments(call, ENTRY.bindTo(export));
        MethodHandle rebinding = once;
        for (int i = 1; i < ATTEMPTS; i++) {
            rebinding = MethodHandles.catchException(once, IllegalStateException.class,
                    MethodHandles.dropArguments(rebinding, 0, IllegalStateException.class));
        }
        return rebinding;
    }

    private static MethodHandle entry() {
        try {
            return MethodHandles.lookup().findVirtual(Export.class, "entry", MethodType.methodType(MemorySegment.class));
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError("Export.entry", missing);
        }
    }
}
