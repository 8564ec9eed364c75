package dev.banos.loader.types;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which Java type a value of a C type may have, and words for a pair that does not fit. */
public final class Fit {
    private final TypeTable table;
    private final List<String> differences;

    public Fit(TypeTable table, List<String> differences) {
        this.table = table;
        this.differences = differences;
    }

    public boolean isVoid(int type) {
        return table.plain(type) instanceof Type.Void;
    }

    public boolean isStruct(int type) {
        return table.plain(type) instanceof Type.Composite;
    }

    boolean isPointer(int type) {
        return table.isPointer(type);
    }

    public boolean isConstString(int type) {
        return table.isConstString(type);
    }

    public Type.@Nullable Function pointedFunction(int type) {
        return table.pointedFunction(type);
    }

    /** The layout by which an argument travels that Java has as {@code java}; null where they differ, which is noted. */
    public @Nullable MemoryLayout argument(Class<?> java, int type, String where) {
        return value(java, type, where, table.pointedFunction(type) != null ? "a functional interface, Callback, " : string(type));
    }

    /** As {@link #argument}, of what a function returns. */
    public @Nullable MemoryLayout returned(Class<?> java, int type, String where) {
        return value(java, type, where, string(type));
    }

    private String string(int type) {
        return table.isConstString(type) ? "String, " : "";
    }

    /** @param pointers what a pointer may be beside the types for all */
    private @Nullable MemoryLayout value(Class<?> java, int type, String where, String pointers) {
        try {
            if (table.isPointer(type)) {
                return java == MemorySegment.class ? ADDRESS : java == long.class ? JAVA_LONG
                        : differ(java, type, where, pointers + "MemorySegment or long");
            }
            MemoryLayout layout = Layouts.passed(table, type);
            boolean fits = layout instanceof ValueLayout value ? value.carrier() == java
                    : isStruct(type) && java == MemorySegment.class;
            return fits ? layout : differ(java, type, where);
        } catch (Refusal refusal) {
            return note(where + ": " + refusal.why());
        }
    }

    /** Notes the difference; returns null. */
    public @Nullable MemoryLayout differ(Class<?> java, int type, String where) {
        return differ(java, type, where, advice(type));
    }

    private @Nullable MemoryLayout differ(Class<?> java, int type, String where, String advice) {
        return note(where + ": C " + Declarations.type(table, type) + ", Java " + java.getSimpleName() + "; use " + advice);
    }

    public @Nullable MemoryLayout note(String difference) {
        differences.add(difference);
        return null;
    }

    private String advice(int type) {
        if (isStruct(type)) {
            return "MemorySegment";
        }
        if (isVoid(type)) {
            return "void";
        }
        return Layouts.of(table, type) instanceof ValueLayout value ? value.carrier().getSimpleName()
                : "a C function that takes a pointer to it";
    }

    /** The descriptor of a callback, whose Java side is {@code method}; null where they differ, which is noted. */
    public @Nullable FunctionDescriptor callback(Method method, Type.Function function, String where) {
        List<Type.Parameter> parameters = function.parameters();
        if (function.variadic()) {
            note(where + ": C wants a variadic function, which Java has not");
            return null;
        }
        if (parameters.size() != method.getParameterCount()) {
            note(where + ": C calls it with " + parameters.size() + " arguments, Java has " + method.getParameterCount());
            return null;
        }
        List<MemoryLayout> layouts = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            layouts.add(value(method.getParameterTypes()[i], parameters.get(i).type(), where + ", its parameter " + (i + 1), ""));
        }
        boolean isVoid = isVoid(function.result());
        MemoryLayout result = isVoid ? null : result(method.getReturnType(), function.result(), where + ", its result");
        if (isVoid && method.getReturnType() != void.class) {
            differ(method.getReturnType(), function.result(), where + ", its result");
            return null;
        }
        if (layouts.contains(null) || result == null && !isVoid) {
            return null;
        }
        MemoryLayout[] all = layouts.toArray(MemoryLayout[]::new);
        return isVoid ? FunctionDescriptor.ofVoid(all) : FunctionDescriptor.of(result, all);
    }

    private @Nullable MemoryLayout result(Class<?> java, int type, String where) {
        return isStruct(type) ? note(where + ": C " + Declarations.type(table, type) + " by value, which a callback cannot return")
                : value(java, type, where, "");
    }
}
