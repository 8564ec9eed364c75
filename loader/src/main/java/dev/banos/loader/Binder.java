package dev.banos.loader;

import dev.banos.loader.call.BoundClass;
import dev.banos.loader.call.BoundMethod;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
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
        List<Method> methods = methods(type);
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

    /** Those that are abstract but for Object's, each once where several interfaces that this one extends have the same. */
    static List<Method> methods(Class<?> type) {
        Set<String> known = new HashSet<>();
        return Arrays.stream(type.getMethods())
                .filter(method -> Modifier.isAbstract(method.getModifiers()) && !isOfObject(method))
                .sorted(Comparator.comparing(Method::getName).thenComparing(Method::toString))
                .filter(method -> known.add(method.getName() + typeOf(method))).toList();
    }

    static MethodType typeOf(Method method) {
        return MethodType.methodType(method.getReturnType(), method.getParameterTypes());
    }

    private static boolean isOfObject(Method method) {
        return Arrays.stream(Object.class.getMethods()).anyMatch(other -> other.getName().equals(method.getName())
                && Arrays.equals(other.getParameterTypes(), method.getParameterTypes()));
    }

    static boolean isCallback(Class<?> java) {
        return java == Callback.class
                || java.isInterface() && java != MemorySegment.class && !SegmentAllocator.class.isAssignableFrom(java);
    }

    private @Nullable BoundMethod method(Method method, boolean callsBack) {
        Symbol symbol = method.getAnnotation(Symbol.class);
        String name = symbol == null ? method.getName() : symbol.value();
        try {
            TypeSource.Typed typed = calls.typed(name, method.getAnnotation(Declaration.class));
            return new MethodBinder(calls, lookup, method, name, typed, differences).bind(callsBack);
        } catch (Refusal refusal) {
            differences.add(name + ": " + refusal.why() + (refusal.remedy() == null ? "" : "; " + refusal.remedy()));
        } catch (LinkException missing) {
            differences.add(name + ": " + missing.why());
        }
        return null;
    }
}
