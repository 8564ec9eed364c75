package dev.banos.loader;

import dev.banos.loader.call.CallFrame;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.types.Type;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks an interface against C's types, method by method, and makes an instance of it. Nothing is called before all of it fits;
 * what does not is said all at once.
 */
final class Binder {
    private final TypedCalls calls;
    private final Lookup lookup;
    private final Class<?> type;
    private final List<String> differences = new ArrayList<>();

    Binder(TypedCalls calls, Lookup lookup, Class<?> type) {
        this.calls = calls;
        this.lookup = lookup;
        this.type = type;
    }

    Object bind() {
        List<Method> methods = methods();
        boolean callsBack = methods.stream().flatMap(method -> Arrays.stream(method.getParameterTypes())).anyMatch(Binder::isCallback);
        Map<Method, BoundMethod> bound = new LinkedHashMap<>();
        for (Method method : methods) {
            int before = differences.size();
            BoundMethod made = method(method, callsBack);
            if (differences.size() == before) {
                bound.put(method, made);
            }
        }
        if (!differences.isEmpty()) {
            throw new InterfaceMismatchException(type, calls.label(), differences);
        }
        return BoundClass.instance(lookup, type, bound, type.getSimpleName() + " bound to " + calls.label());
    }

    /** Each once, where several interfaces that this one extends have the same. */
    private List<Method> methods() {
        Set<String> known = new HashSet<>();
        return Arrays.stream(type.getMethods())
                .filter(method -> Modifier.isAbstract(method.getModifiers()) && !isOfObject(method))
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::toString))
                .filter(method -> known.add(method.getName() + typeOf(method))).toList();
    }

    private static MethodType typeOf(Method method) {
        return MethodType.methodType(method.getReturnType(), method.getParameterTypes());
    }

    private static boolean isOfObject(Method method) {
        return Arrays.stream(Object.class.getMethods()).anyMatch(other -> other.getName().equals(method.getName())
                && Arrays.equals(other.getParameterTypes(), method.getParameterTypes()));
    }

    private static boolean isCallback(Class<?> java) {
        return java == Callback.class
                || java.isInterface() && java != MemorySegment.class && !SegmentAllocator.class.isAssignableFrom(java);
    }

    private @Nullable BoundMethod method(Method method, boolean callsBack) {
        Symbol symbol = method.getAnnotation(Symbol.class);
        String name = symbol == null ? method.getName() : symbol.value();
        try {
            TypeSource.Typed typed = calls.typed(name, method.getAnnotation(Declaration.class));
            return method(method, name, typed, typed.callable(), callsBack);
        } catch (Refusal refusal) {
            differences.add(name + ": " + refusal.why() + (refusal.remedy() == null ? "" : "; " + refusal.remedy()));
        } catch (LinkException missing) {
            differences.add(name + ": " + missing.why());
        }
        return null;
    }

    private @Nullable BoundMethod method(Method method, String name, TypeSource.Typed typed, Type.Function function,
            boolean callsBack) {
        Fit fit = new Fit(typed.table(), differences);
        boolean struct = fit.isStruct(function.result());
        MemoryLayout result = result(method, name, function, fit);
        int first = struct ? 1 : 0;
        int fixed = function.parameters().size();
        int given = method.getParameterCount() - first;
        boolean allocates = method.getParameterCount() > 0 && method.getParameterTypes()[0] == SegmentAllocator.class;
        if (struct && !allocates) {
            fit.note(name + ": C returns a struct by value; let the first parameter be a SegmentAllocator");
            return null;
        }
        if (given != fixed && !(function.variadic() && given > fixed)) {
            fit.note(name + ": C has " + fixed + (fixed == 1 ? " parameter" : " parameters") + (function.variadic() ? " or more" : "")
                    + ", Java " + given + ": " + typed.declaration());
            return null;
        }
        List<MemoryLayout> layouts = new ArrayList<>();
        List<@Nullable MethodHandle> conversions = new ArrayList<>();
        if (struct) {
            conversions.add(null);
        }
        for (int i = 0; i < given; i++) {
            String where = name + ": parameter " + (i + 1);
            layouts.add(i < fixed ? parameter(method, first + i, function.parameters().get(i).type(), fit, where, conversions)
                    : variadic(method.getParameterTypes()[first + i], fit, where, conversions));
        }
        Critical critical = method.getAnnotation(Critical.class);
        if (critical != null && Arrays.stream(method.getParameterTypes()).anyMatch(Binder::isCallback)) {
            fit.note(name + ": a critical function must not call back");
        }
        if (layouts.contains(null) || !differences.isEmpty()) {
            return null;
        }
        int variadicFrom = function.variadic() ? fixed : Calls.Shape.NOT_VARIADIC;
        Calls.Shape shape = new Calls.Shape(BoundMethod.descriptor(result, layouts), variadicFrom, Calls.Mode.of(critical),
                method.isAnnotationPresent(CapturesErrno.class));
        if (struct || layouts.stream().anyMatch(layout -> layout instanceof GroupLayout)) {
            Calls.handle(shape, calls.label(), name); // so that a struct that cannot be passed is known now
        }
        return new BoundMethod(typeOf(method), calls.binding(name), shape, conversions, callsBack && critical == null);
    }

    /** Null for none; Java may ignore C's result. */
    private @Nullable MemoryLayout result(Method method, String name, Type.Function function, Fit fit) {
        Class<?> java = method.getReturnType();
        String where = name + ": result";
        if (fit.isVoid(function.result())) {
            return java == void.class ? null : fit.differ(java, function.result(), where);
        }
        if (java == void.class && !fit.isStruct(function.result())) {
            return null;
        }
        if (java == String.class && fit.isConstString(function.result())) {
            return ValueLayout.ADDRESS;
        }
        return fit.value(java, function.result(), where);
    }

    private @Nullable MemoryLayout parameter(Method method, int index, int cType, Fit fit, String where,
            List<@Nullable MethodHandle> conversions) {
        Class<?> java = method.getParameterTypes()[index];
        if (java == String.class && fit.isConstString(cType)) {
            conversions.add(CallFrame.STRING);
            return ValueLayout.ADDRESS;
        }
        Type.Function function = fit.pointedFunction(cType);
        if (function != null && isCallback(java)) {
            MethodHandle conversion = java == Callback.class
                    ? kept(method.getGenericParameterTypes()[index], function, fit, where) : lent(java, function, fit, where);
            conversions.add(conversion);
            return conversion == null ? null : ValueLayout.ADDRESS;
        }
        conversions.add(null);
        return fit.value(java, cType, where);
    }

    private static @Nullable MemoryLayout variadic(Class<?> java, Fit fit, String where,
            List<@Nullable MethodHandle> conversions) {
        conversions.add(java == String.class ? CallFrame.STRING : null);
        MemoryLayout layout = BoundMethod.promoted(java);
        return layout != null ? layout : fit.note(where + ": " + java.getSimpleName()
                + " stands for C's three dots; use int, long, double, String or MemorySegment");
    }

    /** The conversion for a lambda, or null where its interface does not fit. */
    private @Nullable MethodHandle lent(Class<?> java, Type.Function function, Fit fit, String where) {
        Method only = TypedCalls.onlyMethod(java);
        if (only == null) {
            fit.note(where + ": " + java.getSimpleName() + " is no functional interface");
            return null;
        }
        FunctionDescriptor descriptor = fit.callback(only, function, where);
        return descriptor == null ? null : calls.pool(lookup, only, descriptor).lender();
    }

    private static @Nullable MethodHandle kept(java.lang.reflect.Type generic, Type.Function function, Fit fit,
            String where) {
        boolean known = generic instanceof ParameterizedType parameterized && parameterized.getActualTypeArguments()[0] instanceof Class<?>;
        if (!known) {
            fit.note(where + ": Callback needs its interface, Callback<Compare>");
            return null;
        }
        Class<?> java = (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
        Method only = TypedCalls.onlyMethod(java);
        FunctionDescriptor descriptor = only == null ? null : fit.callback(only, function, where);
        if (only == null) {
            fit.note(where + ": " + java.getSimpleName() + " is no functional interface");
        } else if (descriptor != null && descriptor.argumentLayouts().stream().anyMatch(GroupLayout.class::isInstance)) {
            fit.note(where + ": a Callback cannot take a struct by value; give a lambda for the call");
        } else if (descriptor != null) {
            return BoundMethod.keptCallback();
        }
        return null;
    }
}
