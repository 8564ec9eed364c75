package dev.banos.loader;

import dev.banos.loader.call.BoundMethod;
import dev.banos.loader.call.CallFrame;
import dev.banos.loader.call.CallbackPool;
import dev.banos.loader.call.UpcallEdge;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Interfaces bound to a driver or library, and the callbacks that C calls in turn. */
final class TypedCalls {
    /** Where the functions are. */
    interface Target {
        /** What messages call it. */
        String label();

        /**
         * What gives a downcall handle its first argument, the function's address.
         *
         * @throws LinkException if there is no function of that name
         */
        UnaryOperator<MethodHandle> binding(String name);

        /** Its type where the type information has one. */
        Optional<TypeSource.Typed> typed(String name);
    }

    private final Target target;
    private final LentPointers lent;
    /** Null prints. */
    private volatile @Nullable Consumer<Throwable> uncaught;

    TypedCalls(Target target, LentPointers lent) {
        this.target = target;
        this.lent = lent;
    }

    LentPointers lent() {
        return lent;
    }

    String label() {
        return target.label();
    }

    UnaryOperator<MethodHandle> binding(String name) {
        return target.binding(name);
    }

    /** @throws LinkException if there is no such function, or a refusal if nobody says its type */
    TypeSource.Typed typed(String name, @Nullable Declaration declaration) {
        target.binding(name); // there is such a function
        Optional<TypeSource.Typed> typed = target.typed(name);
        if (typed.isPresent()) {
            return typed.get();
        }
        if (declaration == null) {
            throw new Refusal(Refusal.ENOENT, target.label(), null, -1, "no type information",
                    "compile the object with -gbtf or -g, or annotate the method with @Declaration");
        }
        try {
            return Prototype.parse(declaration.value()).typed();
        } catch (IllegalArgumentException malformed) {
            throw new Refusal(Refusal.EINVAL, target.label(), null, -1, "@Declaration: " + malformed.getMessage(), null);
        }
    }

    /**
     * With the rights of the interface's own package, which nobody outside its module can have in full: the class path is
     * one module, where one class loader has loaded it all.
     */
    <T> T bind(Class<T> type) {
        if (type.getModule() != TypedCalls.class.getModule()) {
            throw new IllegalArgumentException("type=" + type.getName() + " is in another module than the loader, " + type.getModule()
                    + "; call bind(MethodHandles.lookup(), type) in a class beside it");
        }
        try {
            return bind(MethodHandles.privateLookupIn(type, MethodHandles.lookup()), type);
        } catch (IllegalAccessException impossible) {
            throw new IllegalStateException(impossible); // within one module
        }
    }

    <T> T bind(Lookup lookup, Class<T> type) {
        if (!type.isInterface() || type.isSealed() || type.isAnnotation()) {
            throw new IllegalArgumentException("type=" + type.getName() + " is no interface that anyone may implement");
        }
        if (!lookup.hasFullPrivilegeAccess() || lookup.lookupClass().getPackage() != type.getPackage()) {
            throw new IllegalArgumentException("lookup=" + lookup + " has not all rights in the package of " + type.getName()
                    + "; use MethodHandles.lookup() of a class there");
        }
        return type.cast(new Binder(this, lookup, type).bind());
    }

    CallbackPool pool(Lookup lookup, Method method, FunctionDescriptor descriptor) {
        return new CallbackPool(label(), function(lookup, method), descriptor, onThrow(method), lent.scope(), this::caught);
    }

    <F> Callback<F> callback(Lookup lookup, Class<F> type, F function, Arena lifetime) {
        Method method = onlyMethod(type);
        if (method == null) {
            throw new IllegalArgumentException("type=" + type.getName() + " is no functional interface");
        }
        if (function == null) {
            throw new IllegalArgumentException("function=null: C's NULL is a null Callback");
        }
        MethodHandle target = function(lookup, method).bindTo(function);
        return new Callback<>(type, UpcallEdge.stub(target, descriptor(method), onThrow(method), lifetime, this::caught));
    }

    <F> Callback<F> callback(Class<F> type, F function, Arena lifetime) {
        try {
            TypedCalls.class.getModule().addReads(type.getModule());
            return callback(MethodHandles.privateLookupIn(type, MethodHandles.lookup()), type, function, lifetime);
        } catch (IllegalAccessException closed) {
            throw new IllegalArgumentException("type=" + type.getName() + ": its package is not open to dev.banos.loader", closed);
        }
    }

    private static long onThrow(Method method) {
        OnThrow declared = method.getAnnotation(OnThrow.class);
        return declared == null ? 0 : declared.value();
    }

    private static MethodHandle function(Lookup lookup, Method method) {
        try {
            return lookup.unreflect(method);
        } catch (IllegalAccessException closed) {
            throw new IllegalArgumentException("method=" + method + " cannot be called by whoever binds it; make it public", closed);
        }
    }

    /** What a functional interface's Java types alone say. */
    private static FunctionDescriptor descriptor(Method method) {
        List<MemoryLayout> parameters = Arrays.stream(method.getParameterTypes()).map(type -> layout(type, method)).toList();
        return BoundMethod.descriptor(method.getReturnType() == void.class ? null : layout(method.getReturnType(), method), parameters);
    }

    private static MemoryLayout layout(Class<?> type, Method method) {
        return switch (type.getName()) {
            case "boolean" -> ValueLayout.JAVA_BOOLEAN;
            case "byte" -> ValueLayout.JAVA_BYTE;
            case "short" -> ValueLayout.JAVA_SHORT;
            case "int" -> ValueLayout.JAVA_INT;
            case "long" -> ValueLayout.JAVA_LONG;
            case "float" -> ValueLayout.JAVA_FLOAT;
            case "double" -> ValueLayout.JAVA_DOUBLE;
            case "java.lang.foreign.MemorySegment" -> ValueLayout.ADDRESS;
            default -> throw new IllegalArgumentException("method=" + method + ": C cannot call it with " + type.getSimpleName()
                    + "; use numbers, boolean and MemorySegment");
        };
    }

    /** The interface's one abstract method, or null. */
    static @Nullable Method onlyMethod(Class<?> type) {
        List<Method> methods = Binder.methods(type);
        return type.isInterface() && methods.size() == 1 ? methods.getFirst() : null;
    }

    void uncaught(Consumer<Throwable> handler) {
        uncaught = handler;
    }

    private void caught(Throwable thrown) {
        if (CallFrame.keep(thrown)) {
            return;
        }
        Consumer<Throwable> handler = uncaught;
        if (handler != null) {
            handler.accept(thrown);
        } else {
            System.err.println("banos: a callback of " + target.label() + " threw, and no bound call of its thread is under way:");
            thrown.printStackTrace();
        }
    }
}
