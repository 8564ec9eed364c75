package dev.banos.loader;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Handles that ask at each call which instance stands behind an export, and count in the lifetime of that one during the call. */
final class Rebinding {
    private static final MethodHandle ENTER = find(Export.class, "enter", MethodType.methodType(Export.Entered.class));
    private static final MethodHandle FUNCTION =
            find(Export.Entered.class, "function", MethodType.methodType(MemorySegment.class));
    private static final MethodHandle LEAVE = find(Export.Entered.class, "leave", MethodType.methodType(void.class));

    private Rebinding() {
    }

    /** @param call takes the address to call first */
    static MethodHandle of(MethodHandle call, Export export) {
        MethodHandle target = MethodHandles.filterArguments(call, 0, FUNCTION);
        MethodHandle guarded = MethodHandles.tryFinally(target, Lifetime.cleanUp(LEAVE, call.type().returnType()));
        return MethodHandles.foldArguments(guarded, ENTER.bindTo(export));
    }

    private static MethodHandle find(Class<?> type, String method, MethodType signature) {
        try {
            return MethodHandles.lookup().findVirtual(type, method, signature);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
