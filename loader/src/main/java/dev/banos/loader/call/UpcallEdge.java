package dev.banos.loader.call;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The edge at which C calls Java. A throwable that left an upcall would end the process; here it is caught, errors included, and
 * given to a handler, and C gets a zero or what was declared for it. What the handler throws is dropped: it is most often the stack
 * or the memory that is still too short.
 *
 * <pre>
 *     C ──► stub ──► guard { guard { checked result { target } } report } zero
 * </pre>
 */
public final class UpcallEdge {
    private static final MethodHandle REPORT = find("report", MethodType.methodType(void.class, Consumer.class, Throwable.class));
    private static final MethodHandle POINTER = find("pointer", MethodType.methodType(MemorySegment.class, MemorySegment.class));

    private UpcallEdge() {
    }

    /** A function pointer for one of the host's own functions: what it throws is printed on standard error. */
    public static MemorySegment stub(String name, MethodHandle target, FunctionDescriptor descriptor, Arena scope) {
        return stub(target, descriptor, 0, scope, new Printer(name));
    }

    /** A class, for a lambda costs a JVM that has just started about ten milliseconds. */
    private record Printer(String name) implements Consumer<Throwable> {
        @Override
        public void accept(Throwable thrown) {
            System.err.println("banos: " + name + ": " + thrown);
        }
    }

    /**
     * @param onThrow what C gets when the target throws, as a number
     * @param caught  called in the thread that threw, before C runs on
     */
    public static MemorySegment stub(MethodHandle target, FunctionDescriptor descriptor, long onThrow, Arena scope,
            Consumer<Throwable> caught) {
        return Native.upcall(guard(target, onThrow, caught), descriptor, scope);
    }

    /** Why there can be no function pointer of that type, or null. A struct that cannot be passed shows when one is made. */
    public static @Nullable String objection(FunctionDescriptor descriptor) {
        try (Arena scope = Arena.ofConfined()) {
            Native.upcall(MethodHandles.empty(descriptor.toMethodType()), descriptor, scope);
            return null;
        } catch (IllegalArgumentException unsupported) {
            return "Java's foreign linker cannot call back with it: " + Calls.limit(descriptor) + " (" + unsupported.getMessage() + ")";
        }
    }

    static MethodHandle guard(MethodHandle target, long onThrow, Consumer<Throwable> caught) {
        Class<?> result = target.type().returnType();
        MethodHandle checked = result == MemorySegment.class ? MethodHandles.filterReturnValue(target, POINTER) : target;
        MethodHandle instead = MethodHandles.dropArguments(constant(result, onThrow), 0, Throwable.class);
        MethodHandle reported = MethodHandles.foldArguments(instead, REPORT.bindTo(caught));
        MethodHandle inner = MethodHandles.catchException(checked, Throwable.class, reported);
        return MethodHandles.catchException(inner, Throwable.class, instead);
    }

    private static MethodHandle constant(Class<?> type, long value) {
        if (type == void.class) {
            return MethodHandles.zero(void.class);
        }
        if (type == MemorySegment.class) {
            return MethodHandles.constant(type, MemorySegment.ofAddress(value));
        }
        if (type == boolean.class) {
            return MethodHandles.constant(type, value != 0);
        }
        return MethodHandles.explicitCastArguments(MethodHandles.constant(long.class, value), MethodType.methodType(type));
    }

    private static void report(Consumer<Throwable> caught, Throwable thrown) {
        caught.accept(thrown);
    }

    /** Beyond the edge, a null or a pointer into Java's heap would end the process as well. */
    private static MemorySegment pointer(MemorySegment result) {
        if (!result.isNative()) {
            throw new IllegalArgumentException("result=" + result + ": C cannot have a pointer into Java's heap");
        }
        return MemorySegment.ofAddress(result.address());
    }

    private static MethodHandle find(String method, MethodType type) {
        try {
            return MethodHandles.lookup().findStatic(UpcallEdge.class, method, type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
