package dev.banos.loader.types;

import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Types as a person writes them in C: {@code int (*compare)(const void *, const void *)}. */
public final class Declarations {
    /** A declaration that needs more types than this is no use to a person; damaged information may ask for any number. */
    private static final int MOST_TYPES = 200;

    private final TypeTable table;
    private int left = MOST_TYPES;

    private Declarations(TypeTable table) {
        this.table = table;
    }

    /** {@code long}, {@code struct point *}. */
    public static String type(TypeTable table, int number) {
        return declare(table, number, "");
    }

    /** {@code int add(int a, int b)}, {@code struct point origin}. */
    public static String declare(TypeTable table, int number, String name) {
        return new Declarations(table).declare(number, name);
    }

    /** C declares a thing by showing how it is used: each type wraps what it has so far, the inside first. */
    private String declare(int number, String inner) {
        if (--left < 0) {
            return "... " + inner;
        }
        return switch (table.type(number)) {
            case Type.Pointer pointer -> declare(pointer.to(), isWrapped(pointer.to()) ? "(*" + inner + ")" : "*" + inner);
            case Type.Array array -> declare(array.of(), inner + (array.count() < 0 ? "[]" : "[" + array.count() + "]"));
            case Type.Function function -> declare(function.result(), inner + "(" + parameters(function) + ")");
            case Type.Qualified qualified -> qualified(qualified, inner);
            case Type other -> inner.isEmpty() ? word(other) : word(other) + " " + inner;
        };
    }

    private boolean isWrapped(int number) {
        return table.type(number) instanceof Type.Array || table.type(number) instanceof Type.Function;
    }

    private String parameters(Type.Function function) {
        if (function.parameters().isEmpty()) {
            return function.variadic() ? "" : "void";
        }
        StringJoiner list = new StringJoiner(", ");
        for (Type.Parameter parameter : function.parameters()) {
            if (left < 0) {
                break;
            }
            list.add(declare(parameter.type(), parameter.name() == null ? "" : parameter.name()));
        }
        return list + (function.variadic() ? ", ..." : "");
    }

    /** The word belongs to what stands before it: {@code const char *} and {@code char *const}. */
    private String qualified(Type.Qualified qualified, String inner) {
        if (table.type(qualified.of()) instanceof Type.Pointer) {
            return declare(qualified.of(), inner.isEmpty() ? qualified.word() : qualified.word() + " " + inner);
        }
        return qualified.word() + " " + declare(qualified.of(), inner);
    }

    private static String word(Type type) {
        return switch (type) {
            case Type.Void _ -> "void";
            case Type.Integer integer -> integer.name();
            case Type.Char _ -> "char";
            case Type.Bool _ -> "bool";
            case Type.Real real -> real.name();
            case Type.Composite composite -> tagged(composite.keyword(), composite.name());
            case Type.Enumeration enumeration -> tagged("enum", enumeration.name());
            case Type.Forward forward -> tagged(forward.keyword(), forward.name());
            case Type.Typedef typedef -> typedef.name();
            case Type.Other other -> other.name();
            default -> "?";
        };
    }

    private static String tagged(String keyword, @Nullable String name) {
        return keyword + " " + (name == null ? "{...}" : name);
    }
}
