package dev.banos.loader;

import dev.banos.loader.call.BoundMethod;
import dev.banos.loader.call.CallFrame;
import dev.banos.loader.call.Calls;
import dev.banos.loader.call.UpcallEdge;
import dev.banos.loader.types.Fit;
import dev.banos.loader.types.Type;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks one method of an interface against its C function, and makes the call of it. */
final class MethodBinder {
    /** {@code (CallFrame, Callback)MemorySegment}: what travels for a pointer that is kept beyond the call. */
    private static final MethodHandle KEPT = MethodHandles.dropArguments(pointerOrNull(), 0, CallFrame.class);

    private final TypedCalls calls;
    private final Lookup lookup;
    private final Method method;
    private final String name;
    private final TypeSource.Typed typed;
    private final Type.Function function;
    private final List<String> differences;
    private final Fit fit;
    private final boolean returnsStruct;
    private final List<MemoryLayout> layouts = new ArrayList<>();
    private final List<@Nullable MethodHandle> conversions = new ArrayList<>();

    /**
     * @param name the function's
     * @param differences what does not fit is added here
     * @throws dev.banos.loader.elf.Refusal if it is no function, or one that Java cannot call
     */
    MethodBinder(TypedCalls calls, Lookup lookup, Method method, String name, TypeSource.Typed typed, List<String> differences) {
        this.calls = calls;
        this.lookup = lookup;
        this.method = method;
        this.name = name;
        this.typed = typed;
        this.differences = differences;
        function = typed.callable();
        fit = new Fit(typed.table(), differences);
        returnsStruct = fit.isStruct(function.result());
    }

    /**
     * @param callsBack whether some method of the interface takes a callback
     * @return null where it does not fit, or another method before it did not
     */
    @Nullable BoundMethod bind(boolean callsBack) {
        MemoryLayout result = result();
        if (!takesAsMany()) {
            return null;
        }
        parameters();
        Critical critical = method.getAnnotation(Critical.class);
        if (critical != null && Arrays.stream(method.getParameterTypes()).anyMatch(Binder::isCallback)) {
            fit.note(name + ": a critical function must not call back");
        }
        if (layouts.contains(null) || !differences.isEmpty()) {
            return null;
        }
        int variadicFrom = function.variadic() ? function.parameters().size() : Calls.Shape.NOT_VARIADIC;
        Calls.Shape shape = new Calls.Shape(BoundMethod.descriptor(result, layouts), typed.unsigned(), variadicFrom, mode(critical),
                method.isAnnotationPresent(CapturesErrno.class));
        if (returnsStruct || layouts.stream().anyMatch(layout -> layout instanceof GroupLayout)) {
            Calls.handle(shape, calls.label(), name); // so that a struct that cannot be passed is known now
        }
        return new BoundMethod(name, Binder.typeOf(method), calls.binding(name), shape, conversions, callsBack && critical == null);
    }

    private static Calls.Mode mode(@Nullable Critical critical) {
        if (critical == null) {
            return Calls.Mode.ORDINARY;
        }
        return critical.heap() ? Calls.Mode.CRITICAL_WITH_HEAP : Calls.Mode.CRITICAL;
    }

    private static MethodHandle pointerOrNull() {
        try {
            return MethodHandles.lookup().findStatic(Callback.class, "pointerOrNull",
                    MethodType.methodType(MemorySegment.class, Callback.class));
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(missing);
        }
    }

    /** Null for none; Java may ignore C's result. */
    private @Nullable MemoryLayout result() {
        Class<?> java = method.getReturnType();
        String where = name + ": result";
        if (fit.isVoid(function.result())) {
            return java == void.class ? null : fit.differ(java, function.result(), where);
        }
        if (java == void.class && !returnsStruct) {
            return null;
        }
        if (java == String.class && fit.isConstString(function.result())) {
            return ValueLayout.ADDRESS;
        }
        return fit.returned(java, function.result(), where);
    }

    /** The allocator of a struct that is returned stands before C's own parameters. */
    private boolean takesAsMany() {
        int fixed = function.parameters().size();
        int given = given();
        boolean allocates = method.getParameterCount() > 0 && method.getParameterTypes()[0] == SegmentAllocator.class;
        if (returnsStruct && !allocates) {
            fit.note(name + ": C returns a struct by value; let the first parameter be a SegmentAllocator");
            return false;
        }
        if (given != fixed && !(function.variadic() && given > fixed)) {
            fit.note(name + ": C has " + fixed + (fixed == 1 ? " parameter" : " parameters") + (function.variadic() ? " or more" : "")
                    + ", Java " + given + ": " + typed.declaration());
            return false;
        }
        return true;
    }

    private int given() {
        return method.getParameterCount() - first();
    }

    private int first() {
        return returnsStruct ? 1 : 0;
    }

    private void parameters() {
        if (returnsStruct) {
            conversions.add(null);
        }
        for (int i = 0; i < given(); i++) {
            String where = name + ": parameter " + (i + 1);
            layouts.add(i < function.parameters().size() ? parameter(first() + i, function.parameters().get(i).type(), where)
                    : variadic(method.getParameterTypes()[first() + i], where));
        }
    }

    private @Nullable MemoryLayout parameter(int index, int cType, String where) {
        Class<?> java = method.getParameterTypes()[index];
        if (java == String.class && fit.isConstString(cType)) {
            conversions.add(CallFrame.STRING);
            return ValueLayout.ADDRESS;
        }
        Type.Function pointed = fit.pointedFunction(cType);
        if (pointed != null && Binder.isCallback(java)) {
            MethodHandle conversion = java == Callback.class ? kept(method.getGenericParameterTypes()[index], pointed, where)
                    : lent(java, pointed, where);
            conversions.add(conversion);
            return conversion == null ? null : ValueLayout.ADDRESS;
        }
        conversions.add(null);
        return fit.argument(java, cType, where);
    }

    private @Nullable MemoryLayout variadic(Class<?> java, String where) {
        conversions.add(java == String.class ? CallFrame.STRING : null);
        MemoryLayout layout = BoundMethod.promoted(java);
        return layout != null ? layout : fit.note(where + ": " + java.getSimpleName()
                + " stands for C's three dots; use int, long, double, String or MemorySegment");
    }

    /** The conversion for a lambda, or null where its interface does not fit. */
    private @Nullable MethodHandle lent(Class<?> java, Type.Function pointed, String where) {
        Method only = TypedCalls.onlyMethod(java);
        if (only == null) {
            fit.note(where + ": " + java.getSimpleName() + " is no functional interface");
            return null;
        }
        FunctionDescriptor descriptor = fit.callback(only, pointed, where);
        if (descriptor == null) {
            return null;
        }
        boolean takesStruct = descriptor.argumentLayouts().stream().anyMatch(GroupLayout.class::isInstance);
        String objection = takesStruct ? UpcallEdge.objection(descriptor) : null;
        if (objection != null) {
            fit.note(where + ": " + objection + "; let it take a pointer");
            return null;
        }
        return calls.pool(lookup, only, descriptor).lender();
    }

    private @Nullable MethodHandle kept(java.lang.reflect.Type generic, Type.Function pointed, String where) {
        boolean known = generic instanceof ParameterizedType parameterized && parameterized.getActualTypeArguments()[0] instanceof Class<?>;
        if (!known) {
            fit.note(where + ": Callback needs its interface, Callback<Compare>");
            return null;
        }
        Class<?> java = (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
        Method only = TypedCalls.onlyMethod(java);
        FunctionDescriptor descriptor = only == null ? null : fit.callback(only, pointed, where);
        if (only == null) {
            fit.note(where + ": " + java.getSimpleName() + " is no functional interface");
        } else if (descriptor != null && descriptor.argumentLayouts().stream().anyMatch(GroupLayout.class::isInstance)) {
            fit.note(where + ": a Callback cannot take a struct by value; let C pass a pointer to it, or give a lambda where C does not keep it");
        } else if (descriptor != null) {
            return KEPT;
        }
        return null;
    }
}
