package dev.banos.loader.call;

import dev.banos.bindings.Native;
import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Downcall handles, one for each function type however many functions have it: making one takes tens of microseconds, and it
 * is never freed. Each takes the address to call first; a pointer to a driver's export counts as in use during the call.
 */
public final class Calls {
    private static final Map<Shape, MethodHandle> HANDLES = new ConcurrentHashMap<>();

    /** Whether a call does without the thread's change of state, and may point into Java's heap. */
    public enum Mode {
        ORDINARY, CRITICAL, CRITICAL_WITH_HEAP
    }

    /**
     * What two functions must agree in to share a handle.
     *
     * @param fixed    how many parameters stand before C's three dots, or {@link #NOT_VARIADIC}
     * @param errno    whether C's errno goes into a segment that is the handle's second argument
     */
    public record Shape(FunctionDescriptor descriptor, int fixed, Mode mode, boolean errno) {
        public static final int NOT_VARIADIC = -1;

        private MethodHandle link() {
            List<Linker.Option> options = new ArrayList<>();
            if (fixed != NOT_VARIADIC) {
                options.add(Linker.Option.firstVariadicArg(fixed));
            }
            if (mode != Mode.ORDINARY) {
                options.add(Linker.Option.critical(mode == Mode.CRITICAL_WITH_HEAP));
            }
            if (errno) {
                options.add(Linker.Option.captureCallState("errno"));
            }
            return Native.downcall(descriptor, options.toArray(Linker.Option[]::new));
        }
    }

    private Calls() {
    }

    public static MethodHandle handle(FunctionDescriptor descriptor) {
        return handle(new Shape(descriptor, Shape.NOT_VARIADIC, Mode.ORDINARY, false));
    }

    public static MethodHandle handle(Shape shape) {
        return HANDLES.computeIfAbsent(shape, Shape::link);
    }

    /**
     * @param file and {@code name} are what messages call the function
     * @throws Refusal if the linker does not offer such calls: a packed struct by value
     */
    public static MethodHandle handle(Shape shape, String file, String name) {
        try {
            return handle(shape);
        } catch (IllegalArgumentException unsupported) {
            throw Refusal.unsupported(file, null, -1, "Java's foreign linker cannot call " + name + ": it passes no struct by value that is"
                    + " packed, or has gaps that no alignment explains (" + unsupported.getMessage() + ")",
                    "let it take a pointer");
        }
    }
}
