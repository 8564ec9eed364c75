package dev.banos.loader.call;

import dev.banos.bindings.Native;
import dev.banos.thread.Tcb;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One method of a bound interface: how each argument travels, and the handle that calls. The handle is made at the first call; all
 * of it is constant, so that the compiler sees through to the downcall.
 *
 * <pre>
 *     enter frame ─► copy strings, lend callbacks ─► downcall ─► result ─► leave frame: throw what a callback threw
 *     (only where the method or its interface has callbacks, or the method has strings)
 * </pre>
 */
public final class BoundMethod {
    private static final MethodHandle ERRNO_STATE = find("errnoState", MethodType.methodType(MemorySegment.class));
    private static final MethodHandle EXPLAIN = find("explained",
            MethodType.methodType(RuntimeException.class, BoundMethod.class, RuntimeException.class, Object[].class));
    private static final MethodHandle TEXT = find("text", MethodType.methodType(String.class, MemorySegment.class));

    private final String name;
    private final MethodType type;
    private final UnaryOperator<MethodHandle> binding;
    private final Calls.Shape shape;
    /** For each parameter how it becomes what C gets, {@code (CallFrame, J)MemorySegment}; null where it travels as it is. */
    private final List<@Nullable MethodHandle> conversions;
    private final boolean framed;
    private @Nullable MethodHandle handle;

    /**
     * @param name    what messages call it
     * @param type    of the Java method
     * @param binding takes the address, a handle's first parameter, away
     * @param framed  whether callbacks may throw during the call
     */
    public BoundMethod(String name, MethodType type, UnaryOperator<MethodHandle> binding, Calls.Shape shape,
            List<@Nullable MethodHandle> conversions, boolean framed) {
        this.name = name;
        this.type = type;
        this.binding = binding;
        this.shape = shape;
        this.conversions = conversions;
        this.framed = framed || conversions.stream().anyMatch(conversion -> conversion != null);
    }

    MethodType type() {
        return type;
    }

    /** Of the Java method's type. */
    synchronized MethodHandle handle() {
        if (handle == null) {
            handle = make();
        }
        return handle;
    }

    private MethodHandle make() {
        MethodHandle call = binding.apply(Calls.handle(shape));
        if (shape.errno()) {
            call = MethodHandles.collectArguments(call, allocates() ? 1 : 0, ERRNO_STATE);
        }
        if (type.parameterList().contains(MemorySegment.class)) {
            call = MethodHandles.catchException(call, RuntimeException.class, explaining(call.type()));
        }
        if (type.returnType() == String.class) {
            call = MethodHandles.filterReturnValue(call, TEXT);
        }
        return framed ? framed(call) : call;
    }

    /** What the call throws before C runs names no parameter in the JDK's words. A call that fits passes the handler by. */
    private MethodHandle explaining(MethodType call) {
        MethodHandle explain = EXPLAIN.bindTo(this).asCollector(Object[].class, call.parameterCount())
                .asType(call.insertParameterTypes(0, RuntimeException.class).changeReturnType(RuntimeException.class));
        return MethodHandles.collectArguments(MethodHandles.throwException(call.returnType(), RuntimeException.class), 0, explain);
    }

    private static RuntimeException explained(BoundMethod method, RuntimeException thrown, Object[] arguments) {
        int first = method.allocates() ? 1 : 0;
        if (first == 1 && arguments[0] == null) {
            return new NullPointerException(method.name + ": the SegmentAllocator is null");
        }
        for (int i = first; i < arguments.length; i++) {
            String where = method.name + ": parameter " + (i - first + 1) + " is ";
            boolean byValue = method.shape.descriptor().argumentLayouts().get(i - first) instanceof GroupLayout;
            if (arguments[i] == null) {
                return new NullPointerException(where + "null; " + (byValue ? "C takes a struct by value" : "MemorySegment.NULL is C's NULL"));
            }
            if (arguments[i] instanceof MemorySegment segment && !segment.isNative() && !byValue
                    && method.shape.mode() != Calls.Mode.CRITICAL_WITH_HEAP) {
                return new IllegalArgumentException(where + "a segment of Java's heap, which C cannot reach; copy it into an Arena, or let"
                        + " the method be @Critical(heap = true)", thrown);
            }
        }
        return thrown;
    }

    private boolean allocates() {
        return type.parameterCount() > 0 && type.parameterType(0) == SegmentAllocator.class;
    }

    private MethodHandle framed(MethodHandle call) {
        MethodHandle target = MethodHandles.dropArguments(call, 0, CallFrame.class);
        for (int i = conversions.size() - 1; i >= 0; i--) {
            if (conversions.get(i) != null) {
                target = convert(target, i + 1, conversions.get(i));
            }
        }
        MethodHandle guarded = MethodHandles.tryFinally(target, cleanUp(type.returnType()));
        return MethodHandles.foldArguments(guarded, CallFrame.ENTER);
    }

    /** For {@code tryFinally}: {@code (Throwable, R, CallFrame)R}, or without the R where there is none. */
    private static MethodHandle cleanUp(Class<?> result) {
        if (result == void.class) {
            return MethodHandles.dropArguments(CallFrame.LEAVE, 0, Throwable.class);
        }
        MethodHandle same = MethodHandles.dropArguments(MethodHandles.identity(result), 0, CallFrame.class);
        MethodHandle left = MethodHandles.foldArguments(same, CallFrame.LEAVE);
        MethodHandle ordered = MethodHandles.permuteArguments(left, MethodType.methodType(result, result, CallFrame.class), 1, 0);
        return MethodHandles.dropArguments(ordered, 0, Throwable.class);
    }

    /** Puts the conversion before parameter {@code at}; its frame is the one that the target has as its first. */
    private static MethodHandle convert(MethodHandle target, int at, MethodHandle conversion) {
        MethodHandle twoFrames = MethodHandles.collectArguments(target, at, conversion);
        int[] order = new int[twoFrames.type().parameterCount()];
        for (int i = 0; i < order.length; i++) {
            order[i] = i < at ? i : i == at ? 0 : i - 1;
        }
        return MethodHandles.permuteArguments(twoFrames, twoFrames.type().dropParameterTypes(at, at + 1), order);
    }

    /** What the arguments behind C's three dots may be (C 6.5.2.2, the default argument promotions). */
    public static @Nullable MemoryLayout promoted(Class<?> java) {
        return java == int.class ? ValueLayout.JAVA_INT
                : java == long.class ? ValueLayout.JAVA_LONG
                : java == double.class ? ValueLayout.JAVA_DOUBLE
                : java == MemorySegment.class || java == String.class ? ValueLayout.ADDRESS : null;
    }

    public static FunctionDescriptor descriptor(@Nullable MemoryLayout result, List<MemoryLayout> parameters) {
        MemoryLayout[] all = parameters.toArray(MemoryLayout[]::new);
        return result == null ? FunctionDescriptor.ofVoid(all) : FunctionDescriptor.of(result, all);
    }

    private static MemorySegment errnoState() {
        return Tcb.current().segment();
    }

    private static @Nullable String text(MemorySegment pointer) {
        return pointer.address() == 0 ? null
                : Native.EVERYTHING.getString(pointer.address(), StandardCharsets.UTF_8);
    }

    private static MethodHandle find(String method, MethodType type) {
        try {
            return MethodHandles.lookup().findStatic(BoundMethod.class, method, type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
