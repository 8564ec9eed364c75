package dev.banos.loader.call;

import dev.banos.bindings.Native;
import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Downcall handles, one for each function type however many functions have it: making one takes tens of microseconds, and it
 * is never freed. Each takes the address to call first; a pointer to a driver's export counts as in use during the call.
 */
public final class Calls {
    private static final Map<Shape, MethodHandle> HANDLES = new ConcurrentHashMap<>();
    /** A method has 255 parameters at most, and the linker wants a few of its own; each word of a large struct is one. */
    private static final int MOST_WORDS = 240;

    /** Whether a call does without the thread's change of state, and may point into Java's heap. */
    public enum Mode {
        ORDINARY, CRITICAL, CRITICAL_WITH_HEAP
    }

    /**
     * What two functions must agree in to share a handle.
     *
     * @param unsigned the parameters, counted from 0, whose bytes and shorts are C's unsigned ones
     * @param fixed    how many parameters stand before C's three dots, or {@link #NOT_VARIADIC}
     * @param errno    whether C's errno goes into a segment that is the handle's second argument
     */
    public record Shape(FunctionDescriptor descriptor, Set<Integer> unsigned, int fixed, Mode mode, boolean errno) {
        public static final int NOT_VARIADIC = -1;

        public Shape {
            unsigned = Set.copyOf(unsigned);
        }

        /** With ints in the place of the unsigned ones. */
        private Shape widened() {
            MemoryLayout[] parameters = descriptor.argumentLayouts().toArray(new MemoryLayout[0]);
            for (int i : unsigned) {
                parameters[i] = ValueLayout.JAVA_INT;
            }
            return new Shape(with(parameters), Set.of(), fixed, mode, errno);
        }

        private FunctionDescriptor with(MemoryLayout[] parameters) {
            MemoryLayout result = descriptor.returnLayout().orElse(null);
            return result == null ? FunctionDescriptor.ofVoid(parameters) : FunctionDescriptor.of(result, parameters);
        }

        /** Takes them as bytes and shorts again, for which C's caller puts zeros into the rest of the register. */
        private MethodHandle narrowed(MethodHandle wide) {
            List<MemoryLayout> parameters = descriptor.argumentLayouts();
            int first = wide.type().parameterCount() - parameters.size();
            MethodHandle[] filters = new MethodHandle[parameters.size()];
            for (int i : unsigned) {
                filters[i] = parameters.get(i).byteSize() == Byte.BYTES ? Widening.OF_BYTE : Widening.OF_SHORT;
            }
            return MethodHandles.filterArguments(wide, first, filters);
        }

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
        return handle(new Shape(descriptor, Set.of(), Shape.NOT_VARIADIC, Mode.ORDINARY, false));
    }

    public static MethodHandle handle(Shape shape) {
        if (shape.unsigned().isEmpty()) {
            return HANDLES.computeIfAbsent(shape, Shape::link);
        }
        MethodHandle known = HANDLES.get(shape);
        if (known != null) {
            return known;
        }
        MethodHandle narrow = shape.narrowed(handle(shape.widened())); // outside the map's lock, as it goes into the map, too
        MethodHandle other = HANDLES.putIfAbsent(shape, narrow);
        return other == null ? narrow : other;
    }

    /**
     * @param file and {@code name} are what messages call the function
     * @throws Refusal if the linker does not offer such calls: a packed struct by value
     */
    public static MethodHandle handle(Shape shape, String file, String name) {
        try {
            return handle(shape);
        } catch (IllegalArgumentException unsupported) {
            throw Refusal.unsupported(file, null, -1, "Java's foreign linker cannot call " + name + ": " + limit(shape.descriptor())
                    + " (" + unsupported.getMessage() + ")", "let it take a pointer");
        }
    }

    /** What the linker minds in a descriptor that it has refused. */
    static String limit(FunctionDescriptor refused) {
        return words(refused) > MOST_WORDS ? "it passes no more than some " + MOST_WORDS + " words of 8 bytes"
                : "it passes no struct by value that is packed, or has gaps that no alignment explains";
    }

    private static long words(FunctionDescriptor descriptor) {
        return descriptor.argumentLayouts().stream().mapToLong(layout -> Math.ceilDiv(layout.byteSize(), Long.BYTES)).sum();
    }

    /** Made when the first function wants one. */
    private static final class Widening {
        static final MethodHandle OF_BYTE = find(Byte.class, byte.class);
        static final MethodHandle OF_SHORT = find(Short.class, short.class);

        private static MethodHandle find(Class<?> box, Class<?> type) {
            try {
                return MethodHandles.publicLookup().findStatic(box, "toUnsignedInt", MethodType.methodType(int.class, type));
            } catch (ReflectiveOperationException missing) {
                throw new AssertionError(missing);
            }
        }
    }
}
