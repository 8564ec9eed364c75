package dev.banos.loader.types;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A type of C. Types name one another by their number in a {@link TypeTable}, since they go in circles ({@code struct node *} in
 * {@code struct node}); number 0 is void.
 */
public sealed interface Type {

    record Void() implements Type {
    }

    /**
     * @param bytes      1, 2, 4 or 8, or 16 for {@code __int128}
     * @param eitherSign whether it stands for C's with and without sign, as the integers of languages do that have but one kind
     */
    record Integer(String name, int bytes, boolean signed, boolean eitherSign) implements Type {
        Integer(String name, int bytes, boolean signed) {
            this(name, bytes, signed, false);
        }
    }

    /** {@code char} alone, whose sign is the machine's. */
    record Char(boolean signed) implements Type {
    }

    record Bool(int bytes) implements Type {
    }

    /** @param bytes 4 and 8; others are kept so that they can be named, and are refused where a value of them is passed */
    record Real(String name, int bytes) implements Type {
    }

    record Pointer(int to) implements Type {
    }

    /** @param count elements; negative where the declaration has none, {@code int a[]} */
    record Array(int of, long count) implements Type {
        public static final long UNKNOWN = -1;
    }

    /**
     * A struct or union.
     *
     * @param keyword {@code struct}, {@code union} or C++'s {@code class}
     * @param name    null where it has no tag
     * @param passing how a parameter of it travels
     * @param alignment that attributes ask for, in bytes; 1 where none is known to
     */
    record Composite(String keyword, @Nullable String name, long bytes, List<Member> members, Passing passing, long alignment)
            implements Type {
        public boolean isUnion() {
            return keyword.equals("union");
        }
    }

    /** How a struct or union travels. */
    enum Passing {
        /** As C's: its bytes. */
        BYTES,
        /** A class of C++ with a copy constructor or destructor of its own, perhaps: as a hidden pointer. */
        CONSTRUCTED,
        /** As Rust likes, unless the function is {@code extern "C"}, which DWARF does not tell. */
        RUST
    }

    /**
     * @param name  null for an anonymous struct or union in another one
     * @param start bits from the composite's beginning
     * @param bits  width of a bit-field, 0 where it is none
     */
    record Member(@Nullable String name, int type, long start, int bits) {
    }

    record Enumeration(@Nullable String name, int bytes, boolean signed) implements Type {
    }

    /**
     * @param variadic whether more may follow; with no parameters at all, C knows only the result: {@code int f()}
     */
    record Function(int result, List<Parameter> parameters, boolean variadic) implements Type {
        public boolean isUnprototyped() {
            return variadic && parameters.isEmpty();
        }
    }

    /** @param name null where the declaration has none */
    record Parameter(@Nullable String name, int type) {
    }

    record Typedef(String name, int of) implements Type {
    }

    /** @param word {@code const}, {@code volatile}, {@code restrict} or {@code _Atomic} */
    record Qualified(String word, int of) implements Type {
    }

    /** {@code struct thing;} alone. */
    record Forward(String keyword, @Nullable String name) implements Type {
    }

    /** A type that the calls do not offer: complex numbers, vectors, members of C++ classes. */
    record Other(String name) implements Type {
        /** One whose description is not in the file. */
        static final Other ELSEWHERE = new Other("a type of another unit");

        /** Whether it may be any type. */
        public boolean isUnknown() {
            return equals(ELSEWHERE);
        }
    }
}
