package dev.banos.loader.types;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether the declaration of a symbol in one object and its definition in another mean the same, as C 6.2.7 asks, in all that
 * matters to code: sizes, signs, places and tags, whatever the typedefs and parameters are called. Three things are let pass: qualifiers,
 * a pointer to void for one to anything, and an incomplete struct for one of its tag. Types that go in circles agree
 * where every way through them does: a pair that is being compared counts as equal.
 *
 * <p>No hash could do this. An incomplete struct has none that equals the complete one's.
 */
public final class Agreement {
    /** Beyond these, types count as equal: they are no one's by hand. */
    private static final int DEEPEST = 100;
    private static final int MOST_PAIRS = 20_000;

    private final TypeTable here;
    private final TypeTable there;
    private final Set<Long> assumed = new HashSet<>();
    private int depth;

    private Agreement(TypeTable here, TypeTable there) {
        this.here = here;
        this.there = there;
    }

    /**
     * The first difference in words, {@code parameter 2 is long here and int there}; null where there is none.
     *
     * @throws dev.banos.loader.elf.Refusal if either type is damaged
     */
    public static @Nullable String difference(TypeTable here, int mine, TypeTable there, int other) {
        return new Agreement(here, there).compare(mine, other, "the type");
    }

    private @Nullable String compare(int mine, int other, String what) {
        int a = here.plainNumber(mine);
        int b = there.plainNumber(other);
        if (depth >= DEEPEST || assumed.size() >= MOST_PAIRS || !assumed.add((long) a << Integer.SIZE | b)) {
            return null;
        }
        depth++;
        String difference = switch (here.type(a)) {
            case Type.Function function when there.type(b) instanceof Type.Function its -> functions(function, its, what);
            case Type.Composite composite when there.type(b) instanceof Type.Composite its -> composites(composite, its, what);
            case Type.Array array -> arrays(array, a, b, what);
            case Type.Pointer pointer when there.type(b) instanceof Type.Pointer its -> pointers(pointer.to(), its.to(), what);
            case Type type -> agree(type, there.type(b)) ? null : differ(a, b, what);
        };
        depth--;
        return difference;
    }

    private String differ(int mine, int other, String what) {
        return what + " is " + Declarations.type(here, mine) + " here and " + Declarations.type(there, other) + " there";
    }

    private @Nullable String functions(Type.Function mine, Type.Function other, String what) {
        if (!mine.isUnprototyped() && !other.isUnprototyped()) {
            List<Type.Parameter> parameters = mine.parameters();
            if (parameters.size() != other.parameters().size() || mine.variadic() != other.variadic()) {
                return what + " has " + count(mine) + " here and " + count(other) + " there";
            }
            for (int i = 0; i < parameters.size(); i++) {
                String difference = parameter(parameters.get(i).type(), other.parameters().get(i).type(), "parameter " + (i + 1));
                if (difference != null) {
                    return difference;
                }
            }
        }
        return compare(mine.result(), other.result(), "the result");
    }

    private static String count(Type.Function function) {
        int count = function.parameters().size();
        return count + (count == 1 ? " parameter" : " parameters") + (function.variadic() ? " and more" : "");
    }

    /** An array and a function are pointers here. */
    private @Nullable String parameter(int mine, int other, String what) {
        boolean pointers = here.isPointer(mine) && there.isPointer(other);
        return pointers ? pointers(pointee(here, mine), pointee(there, other), what) : compare(mine, other, what);
    }

    private static int pointee(TypeTable table, int number) {
        return switch (table.plain(number)) {
            case Type.Pointer pointer -> pointer.to();
            case Type.Array array -> array.of();
            default -> number;
        };
    }

    private @Nullable String pointers(int mine, int other, String what) {
        boolean isVoid = here.plain(mine) instanceof Type.Void || there.plain(other) instanceof Type.Void;
        return isVoid ? null : compare(mine, other, what + ", pointed to,");
    }

    /** By the elements of all dimensions together: gcc's BTF has them in reverse before gcc 14. */
    private @Nullable String arrays(Type.Array mine, int a, int b, String what) {
        if (!(there.type(b) instanceof Type.Array other)) {
            return differ(a, b, what);
        }
        long count = count(here, mine);
        long its = count(there, other);
        return count != its && count >= 0 && its >= 0 ? differ(a, b, what)
                : compare(element(here, mine), element(there, other), "an element of " + what);
    }

    private static int element(TypeTable table, Type.Array array) {
        int element = array.of();
        for (int depth = 0; depth < DEEPEST && table.plain(element) instanceof Type.Array inner; depth++) {
            element = inner.of();
        }
        return element;
    }

    /** Negative where a dimension is open. */
    private static long count(TypeTable table, Type.Array array) {
        long count = array.count();
        Type.Array at = array;
        for (int depth = 0; depth < DEEPEST && table.plain(at.of()) instanceof Type.Array inner; depth++) {
            count = count < 0 || inner.count() < 0 ? Type.Array.UNKNOWN : count * inner.count();
            at = inner;
        }
        return count;
    }

    private @Nullable String composites(Type.Composite mine, Type.Composite other, String what) {
        String name = word(mine.keyword(), mine.name());
        String its = word(other.keyword(), other.name());
        boolean sameTag = mine.isUnion() == other.isUnion()
                && (mine.name() == null || other.name() == null || mine.name().equals(other.name()));
        if (!sameTag) {
            return what + " is " + name + " here and " + its + " there";
        }
        if (mine.bytes() != other.bytes() || mine.members().size() != other.members().size()) {
            return name + " has " + mine.members().size() + " members in " + mine.bytes() + " bytes here, "
                    + other.members().size() + " in " + other.bytes() + " there";
        }
        for (int i = 0; i < mine.members().size(); i++) {
            Type.Member member = mine.members().get(i);
            Type.Member twin = other.members().get(i);
            if (member.start() != twin.start() || member.bits() != twin.bits() || !Objects.equals(member.name(), twin.name())) {
                return "member " + (i + 1) + " of " + name + " is " + place(member) + " here and " + place(twin) + " there";
            }
            String difference = compare(member.type(), twin.type(), name + "." + (member.name() == null ? "?" : member.name()));
            if (difference != null) {
                return difference;
            }
        }
        return null;
    }

    private static String word(String keyword, @Nullable String name) {
        return name == null ? "a " + keyword + " without a tag" : keyword + " " + name;
    }

    private static String place(Type.Member member) {
        return (member.name() == null ? "without a name" : member.name()) + " at bit " + member.start()
                + (member.bits() == 0 ? "" : " of " + member.bits() + " bits");
    }

    /** Neither goes on to other types. An enum is an integer of its size; a complete type agrees with its own incomplete one. */
    private static boolean agree(Type mine, Type other) {
        if (mine instanceof Type.Other || other instanceof Type.Other) {
            return true; // known by a name at most
        }
        return switch (mine) {
            case Type.Void _ -> other instanceof Type.Void;
            case Type.Bool bool -> other instanceof Type.Bool its && its.bytes() == bool.bytes();
            case Type.Real real -> other instanceof Type.Real its && its.bytes() == real.bytes();
            case Type.Integer _, Type.Char _, Type.Enumeration _ -> integersAgree(mine, other);
            case Type.Forward forward -> tagsAgree(forward, other);
            default -> other instanceof Type.Forward its && tagsAgree(its, mine);
        };
    }

    private static boolean integersAgree(Type mine, Type other) {
        if (mine instanceof Type.Forward || other instanceof Type.Forward) {
            return mine instanceof Type.Enumeration || other instanceof Type.Enumeration;
        }
        return bytes(mine) == bytes(other) && bytes(mine) != 0
                && (isOfEitherSign(mine) || isOfEitherSign(other) || isSigned(mine) == isSigned(other));
    }

    private static boolean isOfEitherSign(Type type) {
        return type instanceof Type.Enumeration || type instanceof Type.Integer integer && integer.eitherSign();
    }

    private static int bytes(Type type) {
        return switch (type) {
            case Type.Integer integer -> integer.bytes();
            case Type.Char _ -> 1;
            case Type.Enumeration enumeration -> enumeration.bytes();
            default -> 0;
        };
    }

    private static boolean isSigned(Type type) {
        return switch (type) {
            case Type.Integer integer -> integer.signed();
            case Type.Char character -> character.signed();
            default -> false;
        };
    }

    private static boolean tagsAgree(Type.Forward forward, Type other) {
        String name = switch (other) {
            case Type.Composite composite -> composite.name();
            case Type.Forward its -> its.name();
            case Type.Enumeration enumeration -> enumeration.name();
            default -> "";
        };
        return forward.name() == null || name == null || forward.name().equals(name);
    }
}
