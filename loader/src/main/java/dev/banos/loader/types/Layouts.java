package dev.banos.loader.types;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SequenceLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.UnionLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The memory layouts of types, for 64-bit Linux. What Java has no value for ({@code long double}, {@code __int128}) is padding of
 * its size inside a struct, and is refused as a parameter or result.
 */
final class Layouts {
    /** Of structs within structs. */
    private static final int DEEPEST = 32;
    /** Members of all depths together; more of them would make a layout that is slower to compare than to build. */
    private static final int MOST_MEMBERS = 1 << 16;
    /** Of one that is passed by value, all elements of arrays counted: Java's linker looks at each of them and at each byte. */
    private static final int MOST_PASSED = 1 << 16;

    private final TypeTable table;
    private final Map<Integer, MemoryLayout> known = new HashMap<>();
    /** How many members of all depths each known layout has. */
    private final Map<Integer, Integer> weights = new HashMap<>();
    private final Map<Integer, Long> parts = new HashMap<>();
    private int depth;

    private Layouts(TypeTable table) {
        this.table = table;
    }

    /** @throws Refusal if values of the type have no size, or contradict themselves */
    static MemoryLayout of(TypeTable table, int number) {
        return new Layouts(table).layout(number);
    }

    /** @throws Refusal if a parameter or the result is of a type that cannot be passed */
    static FunctionDescriptor descriptor(TypeTable table, Type.Function function) {
        Layouts layouts = new Layouts(table);
        MemoryLayout[] parameters = function.parameters().stream().map(parameter -> layouts.passed(parameter.type()))
                .toArray(MemoryLayout[]::new);
        return table.plain(function.result()) instanceof Type.Void ? FunctionDescriptor.ofVoid(parameters)
                : FunctionDescriptor.of(layouts.passed(function.result()), parameters);
    }

    /**
     * The layout of a parameter or result of the type.
     *
     * @throws Refusal if it cannot be passed
     */
    static MemoryLayout passed(TypeTable table, int number) {
        return new Layouts(table).passed(number);
    }

    private MemoryLayout passed(int number) {
        if (table.isPointer(number)) {
            return ADDRESS;
        }
        if (table.plain(number) instanceof Type.Composite composite) {
            MemoryLayout layout = layout(number); // refuses structs that hold themselves, before their members are walked
            if (composite.passing() == Type.Passing.RUST) {
                throw table.unsupported("values of " + Declarations.type(table, number) + " travel as Rust's compiler likes, but in functions"
                        + " that are extern \"C\", which its type information does not tell; let the function take a pointer, or, where it is"
                        + " extern \"C\", say its type with a FunctionDescriptor");
            }
            if (!isCopied(composite, new HashSet<>())) {
                throw table.unsupported("values of " + Declarations.type(table, number) + " may have a copy constructor or destructor"
                        + " of C++, which Java cannot call; let the function take a pointer or reference");
            }
            if (isFlexible(composite, 0)) {
                throw table.unsupported("values of " + Declarations.type(table, number) + " hold an array without a size or elements,"
                        + " and compilers pass them in different ways; let the function take a pointer");
            }
            if (layout.byteSize() > MOST_PASSED || parts(number) > MOST_PASSED) {
                throw table.unsupported("values of " + Declarations.type(table, number) + " have more than " + MOST_PASSED
                        + " bytes or members; let the function take a pointer");
            }
            int opaque = opaqueMember(composite);
            if (opaque != TypeTable.VOID) {
                throw table.unsupported("values of " + Declarations.type(table, number) + " hold " + Declarations.type(table, opaque)
                        + ", which cannot be passed to or from Java; let the function take a pointer");
            }
            return layout;
        }
        if (layout(number) instanceof ValueLayout value) {
            return value;
        }
        throw notOffered(number);
    }

    private boolean isFlexible(Type.Composite composite, int depth) {
        return depth < DEEPEST && composite.members().stream().anyMatch(member -> switch (table.plain(member.type())) {
            case Type.Array array -> array.count() <= 0;
            case Type.Composite inner -> isFlexible(inner, depth + 1);
            default -> false;
        });
    }

    /** The members of all depths of a type whose layout is known, and itself; at most one more than {@link #MOST_PASSED}. */
    private long parts(int number) {
        int plain = table.plainNumber(number);
        Long known = parts.get(plain);
        if (known != null) {
            return known;
        }
        long count = switch (table.type(plain)) { // no overflow: of each there are at most as many as are looked for
            case Type.Array array -> 1 + Math.clamp(array.count(), 0, MOST_PASSED) * parts(array.of());
            case Type.Composite composite -> 1 + composite.members().stream().mapToLong(member -> parts(member.type())).sum();
            default -> 1;
        };
        count = Math.min(count, MOST_PASSED + 1);
        parts.put(plain, count);
        return count;
    }

    /** The number of a member's type, of any depth, that Java has only padding for, or of an array of such; 0 where there is none. */
    private int opaqueMember(Type.Composite composite) {
        for (Type.Member member : composite.members()) {
            int number = member.type();
            for (int depth = 0; depth < DEEPEST && table.plain(number) instanceof Type.Array array; depth++) {
                number = array.of();
            }
            int opaque = switch (table.plain(number)) {
                case Type.Composite inner -> opaqueMember(inner);
                case Type.Integer integer when integer.bytes() > Long.BYTES -> number;
                case Type.Real real when real.bytes() > Double.BYTES -> number;
                default -> TypeTable.VOID;
            };
            if (opaque != TypeTable.VOID) {
                return opaque;
            }
        }
        return TypeTable.VOID;
    }

    /** Whether the composite and all that it holds are only bytes. */
    private boolean isCopied(Type.Composite composite, Set<Type> seen) {
        boolean copied = composite.passing() != Type.Passing.CONSTRUCTED;
        if (!copied || !seen.add(composite)) {
            return copied;
        }
        for (Type.Member member : composite.members()) {
            Type type = table.plain(member.type());
            for (int depth = 0; depth < DEEPEST && type instanceof Type.Array array; depth++) {
                type = table.plain(array.of());
            }
            if (type instanceof Type.Composite inner && !isCopied(inner, seen)) {
                return false;
            }
        }
        return true;
    }

    MemoryLayout layout(int number) {
        int plain = table.plainNumber(number);
        MemoryLayout layout = known.get(plain);
        if (layout == null) {
            layout = make(plain);
            known.put(plain, layout);
            weights.put(plain, weight(plain));
        }
        return layout;
    }

    private int weight(int number) {
        long weight = switch (table.type(number)) {
            case Type.Array array -> weights.getOrDefault(table.plainNumber(array.of()), 1);
            case Type.Composite composite -> 1 + composite.members().stream() // even an empty one takes time
                    .mapToLong(member -> weights.getOrDefault(table.plainNumber(member.type()), 1)).sum();
            default -> 1;
        };
        if (weight > MOST_MEMBERS) {
            throw table.unsupported("a struct with more than " + MOST_MEMBERS + " members");
        }
        return (int) weight;
    }

    private MemoryLayout make(int number) {
        return switch (table.type(number)) {
            case Type.Integer integer -> scalar(integer.bytes());
            case Type.Enumeration enumeration -> scalar(enumeration.bytes());
            case Type.Char _ -> JAVA_BYTE;
            case Type.Bool bool when bool.bytes() == 1 -> JAVA_BOOLEAN;
            case Type.Real real when real.bytes() == Float.BYTES -> JAVA_FLOAT;
            case Type.Real real when real.bytes() == Double.BYTES -> JAVA_DOUBLE;
            case Type.Real real when real.bytes() == 2 * Long.BYTES -> opaque(real.bytes());
            case Type.Pointer _ -> ADDRESS;
            case Type.Array array -> array(array);
            case Type.Composite composite -> composite(composite);
            default -> throw notOffered(number);
        };
    }

    private MemoryLayout scalar(int bytes) {
        return switch (bytes) {
            case Byte.BYTES -> JAVA_BYTE;
            case Short.BYTES -> JAVA_SHORT;
            case Integer.BYTES -> JAVA_INT;
            case Long.BYTES -> JAVA_LONG;
            case 2 * Long.BYTES -> opaque(bytes);
            default -> throw table.malformed("an integer of " + bytes + " bytes");
        };
    }

    private static MemoryLayout opaque(int bytes) {
        return MemoryLayout.paddingLayout(bytes).withByteAlignment(bytes);
    }

    private Refusal notOffered(int number) {
        return table.unsupported("values of type " + Declarations.type(table, number) + " cannot be passed to or from Java");
    }

    private MemoryLayout array(Type.Array array) {
        MemoryLayout element = nested(array.of());
        long count = Math.max(0, array.count());
        if (count > Long.MAX_VALUE / Math.max(1, element.byteSize())) {
            throw table.malformed("an array of " + count + " elements");
        }
        boolean packed = element.byteSize() % element.byteAlignment() != 0;
        return MemoryLayout.sequenceLayout(count, packed ? unaligned(element) : element);
    }

    /** As {@link #layout}, of a type inside another, which bytes may make hold itself. */
    MemoryLayout nested(int number) {
        if (++depth > DEEPEST) {
            throw table.malformed("structs hold one another more than " + DEEPEST + " deep");
        }
        MemoryLayout layout = layout(number);
        depth--;
        return layout;
    }

    private MemoryLayout composite(Type.Composite composite) {
        MemoryLayout layout = composite.isUnion() ? union(composite) : struct(composite);
        if (composite.alignment() > layout.byteAlignment()) {
            layout = layout.withByteAlignment(composite.alignment());
        }
        return composite.name() == null ? layout : layout.withName(composite.name());
    }

    private MemoryLayout union(Type.Composite composite) {
        List<MemoryLayout> fields = new ArrayList<>();
        long largest = 0;
        long alignment = 1;
        for (Type.Member member : composite.members()) {
            MemoryLayout declared = nested(member.type());
            boolean isPacked = member.bits() != 0 && declared.byteSize() > composite.bytes();
            MemoryLayout field = named(isPacked ? MemoryLayout.sequenceLayout(composite.bytes(), JAVA_BYTE) : declared, member.name());
            fields.add(aligned(field, 0));
            largest = Math.max(largest, field.byteSize());
            alignment = Math.max(alignment, field.byteAlignment());
        }
        if (largest > composite.bytes()) {
            throw table.malformed("a union of " + composite.bytes() + " bytes has a member of " + largest);
        }
        if (largest < composite.bytes()) {
            fields.add(MemoryLayout.paddingLayout(composite.bytes()));
        }
        return MemoryLayout.unionLayout(fields.toArray(MemoryLayout[]::new));
    }

    private MemoryLayout struct(Type.Composite composite) {
        List<MemoryLayout> fields = new ArrayList<>();
        long end = 0;
        List<Type.Member> all = composite.members().stream().sorted(Comparator.comparingLong(Type.Member::start)).toList(); // Rust's are not
        long unit = BitFields.alignment(all, composite.bytes(), this);
        for (int i = 0; i < all.size(); i++) {
            Type.Member member = all.get(i);
            if (member.bits() != 0) {
                int first = i;
                while (i + 1 < all.size() && all.get(i + 1).bits() != 0) {
                    i++;
                }
                long limit = i + 1 < all.size() ? all.get(i + 1).start() / Byte.SIZE : composite.bytes();
                end = BitFields.add(fields, all.subList(first, i + 1), end, limit, this);
                continue;
            }
            MemoryLayout field = named(nested(member.type()), member.name());
            end = place(fields, field, member.start() / Byte.SIZE, end, composite);
        }
        if (end > composite.bytes()) {
            throw table.malformed("a struct of " + composite.bytes() + " bytes has members up to " + end);
        }
        pad(fields, composite.bytes() - end);
        if (all.stream().anyMatch(member -> member.bits() != 0)) {
            long alignment = fields.stream().mapToLong(MemoryLayout::byteAlignment).max().orElse(1);
            BitFields.fill(fields, all, composite.bytes(), Math.max(alignment, unit), this);
            if (alignment < unit) {
                fields.addFirst(MemoryLayout.sequenceLayout(0, BitFields.integer(unit))); // so aligned, as the bit-field's type is
            }
        }
        return MemoryLayout.structLayout(fields.toArray(MemoryLayout[]::new));
    }

    private long place(List<MemoryLayout> fields, MemoryLayout field, long start, long end, Type.Composite composite) {
        if (start < end) {
            if (field.byteSize() == 0) {
                return end;
            }
            throw table.unsupported("members of struct " + composite.name() + " share byte " + start
                    + ", as in C++ a member may lie in the padding of a base class; Java has no layout for that");
        }
        if (start > composite.bytes() || field.byteSize() > composite.bytes() - start) {
            throw table.malformed("a member lies beyond the " + composite.bytes() + " bytes of struct " + composite.name());
        }
        pad(fields, start - end);
        fields.add(aligned(field, start));
        return start + field.byteSize();
    }

    static void pad(List<MemoryLayout> fields, long bytes) {
        if (bytes > 0) {
            fields.add(MemoryLayout.paddingLayout(bytes));
        }
    }

    /** A packed struct's member may lie where its type would not. */
    private static MemoryLayout aligned(MemoryLayout field, long start) {
        return start % field.byteAlignment() == 0 ? field : unaligned(field);
    }

    private static MemoryLayout unaligned(MemoryLayout field) {
        return switch (field) {
            case SequenceLayout sequence -> copyName(field, MemoryLayout.sequenceLayout(
                    sequence.elementCount(), unaligned(sequence.elementLayout())));
            case StructLayout struct -> copyName(field, MemoryLayout.structLayout(
                    struct.memberLayouts().stream().map(Layouts::unaligned).toArray(MemoryLayout[]::new)));
            case UnionLayout union -> copyName(field, MemoryLayout.unionLayout(
                    union.memberLayouts().stream().map(Layouts::unaligned).toArray(MemoryLayout[]::new)));
            default -> field.withByteAlignment(1);
        };
    }

    private static MemoryLayout copyName(MemoryLayout from, MemoryLayout to) {
        return from.name().map(to::withName).orElse(to);
    }

    /** A struct's own name gives way to the member's: that is what a path to it asks for. */
    private static MemoryLayout named(MemoryLayout layout, @Nullable String name) {
        return name == null ? layout.withoutName() : layout.withName(name);
    }

    Refusal malformed(String why) {
        return table.malformed(why);
    }
}
