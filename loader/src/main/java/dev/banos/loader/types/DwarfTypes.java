package dev.banos.loader.types;

import static dev.banos.loader.types.Dwarf.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Makes types of the entries of an object, once all of them are known: they name one another by their places. */
final class DwarfTypes {
    /** As for sections. */
    private static final long LARGEST_ALIGNMENT = 1L << 24;
    private static final int LONGEST_CHAIN = 16;

    private final TypeTable table;
    private final Map<Long, DwarfEntry> byOffset = new HashMap<>();
    /** Where the types of type units stand. */
    private final Map<Long, Long> signatures = new HashMap<>();
    private final List<DwarfEntry> types = new ArrayList<>();
    private final List<DwarfEntry> variables = new ArrayList<>();
    private int elsewhere;

    DwarfTypes(TypeTable table) {
        this.table = table;
    }

    /** @param parent null for a unit */
    void add(DwarfEntry entry, @Nullable DwarfEntry parent) {
        switch (entry.tag) {
            case DW_TAG_compile_unit, DW_TAG_partial_unit, DW_TAG_type_unit, DW_TAG_namespace, DW_TAG_module -> { }
            case DW_TAG_formal_parameter, DW_TAG_unspecified_parameters, DW_TAG_member, DW_TAG_inheritance,
                    DW_TAG_subrange_type -> Objects.requireNonNull(parent, "kept in another only").add(entry);
            case DW_TAG_variable -> variables.add(entry);
            default -> {
                entry.number = table.add(new Type.Void());
                byOffset.put(entry.offset, entry);
                types.add(entry);
            }
        }
    }

    void signature(long signature, long offset) {
        signatures.putIfAbsent(signature, offset);
    }

    void make() {
        elsewhere = table.add(Type.Other.ELSEWHERE);
        List<DwarfEntry> functions = new ArrayList<>();
        for (DwarfEntry entry : types) {
            table.set(entry.number, type(entry));
            if (entry.tag == DW_TAG_subprogram && !entry.instance && !saysNothing(entry)) {
                functions.add(entry);
            }
        }
        functions.forEach(entry -> name(entry, entry.number));
        for (DwarfEntry entry : variables) {
            if (!entry.instance) {
                name(entry, number(entry));
            }
        }
    }

    private void name(DwarfEntry entry, int type) {
        String name = entry.linkageName == null ? entry.name : entry.linkageName;
        boolean local = !entry.external && !entry.declaration;
        if (name == null) {
            return;
        }
        if (entry.tag == DW_TAG_variable) {
            if (local) {
                table.localVariable(name, type);
            } else {
                table.variable(name, type, !entry.declaration);
            }
        } else if (local) {
            table.localFunction(name, type);
        } else {
            table.function(name, type, !entry.declaration);
        }
    }

    /**
     * Whether it may be a function of which {@code -g1} tells the name alone: it takes and returns nothing, and either C's compiler
     * does not say that it has a prototype, or its unit has no types at all. Or it is of a language that has parameters by value and
     * by reference, and what is known of them does not tell which; or of an assembler, whose labels have types in name alone.
     */
    private boolean saysNothing(DwarfEntry entry) {
        if (entry.isAssembly || entry.toldByPlace && (entry.declaration || !isTold(entry))) {
            return true;
        }
        return entry.type == DwarfEntry.NONE && entry.children().isEmpty() && (entry.isC ? !entry.prototyped : !entry.amongTypes);
    }

    /** Whether it is known of each parameter that its value is passed, or that its address is. */
    private boolean isTold(DwarfEntry function) {
        return function.children().stream().allMatch(child -> child.tag != DW_TAG_formal_parameter || switch (child.way) {
            case UNTOLD -> isPointer(child);
            case VALUE -> !isArray(byOffset.get(child.type)); // the function's own copy of one, perhaps
            case REFERENCE -> true;
        });
    }

    private static boolean isArray(@Nullable DwarfEntry type) {
        return type != null && (type.tag == DW_TAG_array_type || type.tag == DW_TAG_string_type && type.byteSize >= 0);
    }

    /** Whether an address is passed either way. */
    private boolean isPointer(DwarfEntry parameter) {
        DwarfEntry type = byOffset.get(parameter.type);
        for (int length = 0; length < LONGEST_CHAIN && type != null && isName(type); length++) {
            type = byOffset.get(type.type);
        }
        return type != null && (type.tag == DW_TAG_pointer_type || type.tag == DW_TAG_reference_type);
    }

    /** The number of the entry's type. */
    private int number(DwarfEntry entry) {
        if (entry.type == DwarfEntry.NONE) {
            return 0;
        }
        DwarfEntry type = entry.type == DwarfEntry.ELSEWHERE ? bySignature(entry) : byOffset.get(entry.type);
        if (type != null && type.isElsewhere()) {
            type = bySignature(type);
        }
        return type == null || type.tag == DW_TAG_subprogram ? elsewhere : type.number;
    }

    private @Nullable DwarfEntry bySignature(DwarfEntry entry) {
        Long offset = signatures.get(entry.signature);
        return offset == null ? null : byOffset.get(offset);
    }

    private Type type(DwarfEntry entry) {
        return switch (entry.tag) {
            case DW_TAG_base_type -> base(entry);
            case DW_TAG_pointer_type, DW_TAG_reference_type, DW_TAG_rvalue_reference_type ->
                    new Type.Pointer(number(entry));
            case DW_TAG_structure_type -> composite(entry, "struct");
            case DW_TAG_union_type -> composite(entry, "union");
            case DW_TAG_class_type -> composite(entry, "class");
            case DW_TAG_enumeration_type -> enumeration(entry);
            case DW_TAG_array_type -> array(entry);
            case DW_TAG_subroutine_type, DW_TAG_subprogram -> function(entry);
            case DW_TAG_typedef -> new Type.Typedef(entry.name == null ? "?" : entry.name, number(entry));
            case DW_TAG_const_type -> new Type.Qualified("const", number(entry));
            case DW_TAG_volatile_type -> new Type.Qualified("volatile", number(entry));
            case DW_TAG_restrict_type -> new Type.Qualified("restrict", number(entry));
            case DW_TAG_atomic_type -> new Type.Qualified("_Atomic", number(entry));
            case DW_TAG_string_type -> string(entry);
            default -> new Type.Other(entry.name == null ? "a type of C++" : entry.name);
        };
    }

    private static Type base(DwarfEntry entry) {
        int bytes = Math.clamp(entry.byteSize, 0, 1 << Byte.SIZE);
        return switch ((int) entry.encoding) {
            case DW_ATE_boolean -> bytes == 1 ? new Type.Bool(bytes) : Scalars.integer(entry.name, bytes, true); // C's is one byte
            case DW_ATE_float -> Scalars.real(entry.name, bytes);
            case DW_ATE_signed -> entry.toldByPlace ? Scalars.ofEitherSign(entry.name, bytes) : Scalars.integer(entry.name, bytes, true);
            case DW_ATE_signed_char -> Scalars.integer(entry.name, bytes, true);
            case DW_ATE_unsigned_char -> Scalars.integer(entry.toldByPlace ? "char" : entry.name, bytes, false);
            case DW_ATE_unsigned, DW_ATE_UTF -> Scalars.integer(entry.name, bytes, false);
            default -> new Type.Other(entry.name == null ? "encoding " + entry.encoding : entry.name);
        };
    }

    private Type composite(DwarfEntry entry, String keyword) {
        if (entry.declaration || entry.byteSize < 0) {
            return new Type.Forward(keyword, entry.name);
        }
        List<Type.Member> members = new ArrayList<>();
        long alignment = entry.alignment;
        for (DwarfEntry member : entry.children()) {
            if (!member.external && !member.declaration) {
                alignment = Math.max(alignment, alignment(member));
                members.add(new Type.Member(member.name, number(member), start(member), (int) member.bitSize));
            }
        }
        return new Type.Composite(keyword, entry.name, entry.byteSize, List.copyOf(members), passing(entry),
                requireAlignment(alignment));
    }

    /** What the member or a typedef of its type asks for. */
    private long alignment(DwarfEntry member) {
        long alignment = member.alignment;
        DwarfEntry type = byOffset.get(member.type);
        for (int length = 0; length < LONGEST_CHAIN && type != null && isName(type); length++) {
            alignment = Math.max(alignment, type.alignment);
            type = byOffset.get(type.type);
        }
        return alignment;
    }

    private static boolean isName(DwarfEntry type) {
        return switch (type.tag) {
            case DW_TAG_typedef, DW_TAG_const_type, DW_TAG_volatile_type, DW_TAG_restrict_type, DW_TAG_atomic_type -> true;
            default -> false;
        };
    }

    private long requireAlignment(long alignment) {
        if (alignment < 0 || alignment > LARGEST_ALIGNMENT || Long.bitCount(alignment) > 1) {
            throw table.malformed("an alignment of " + alignment + " bytes");
        }
        return Math.max(1, alignment);
    }

    /** clang says so; gcc does not, so there whatever might have a constructor is left out. */
    private static Type.Passing passing(DwarfEntry entry) {
        boolean bytes = entry.isC || entry.convention == DW_CC_pass_by_value || !entry.hasFunctions
                && entry.children().stream().noneMatch(child -> child.tag == DW_TAG_inheritance);
        return entry.isRust ? Type.Passing.RUST : bytes ? Type.Passing.BYTES : Type.Passing.CONSTRUCTED;
    }

    /** Where the member begins, in bits; a bit-field's old form counts from the other end of its storage (DWARF 3, 5.6.6). */
    private static long start(DwarfEntry member) {
        if (member.dataBitOffset != DwarfEntry.NONE) {
            return member.dataBitOffset;
        }
        long start = member.location * Byte.SIZE;
        boolean old = member.bitSize != 0 && member.bitOffset != DwarfEntry.NONE && member.byteSize > 0;
        return old ? start + member.byteSize * Byte.SIZE - member.bitOffset - member.bitSize : start;
    }

    private Type enumeration(DwarfEntry entry) {
        if (entry.byteSize < 0) {
            return new Type.Forward("enum", entry.name);
        }
        long encoding = encoding(entry);
        return new Type.Enumeration(entry.name, Math.clamp(entry.byteSize, 0, 1 << Byte.SIZE),
                encoding == DW_ATE_signed || encoding == DW_ATE_signed_char);
    }

    /** Of the integer that holds the enumeration; clang tells it of that integer alone. */
    private long encoding(DwarfEntry enumeration) {
        DwarfEntry type = byOffset.get(enumeration.type);
        for (int length = 0; length < LONGEST_CHAIN && type != null && isName(type); length++) {
            type = byOffset.get(type.type);
        }
        return type == null ? enumeration.encoding : type.encoding;
    }

    /** Fortran's characters; C would say {@code char[4]}, or {@code char} where the length is a parameter of its own. */
    private Type string(DwarfEntry entry) {
        Type character = new Type.Char(true);
        return entry.byteSize < 0 ? character : new Type.Array(table.add(character), entry.byteSize);
    }

    /** One dimension a subrange, the outermost first. */
    private Type array(DwarfEntry entry) {
        List<DwarfEntry> dimensions = entry.children();
        if (entry.vector) {
            return new Type.Other("a vector type");
        }
        if (entry.elsewhereInMemory) {
            return new Type.Other("an array's descriptor");
        }
        int element = number(entry);
        for (int i = dimensions.size() - 1; i > 0; i--) {
            element = table.add(new Type.Array(element, dimensions.get(i).count));
        }
        return new Type.Array(element, dimensions.isEmpty() ? Type.Array.UNKNOWN : dimensions.getFirst().count);
    }

    private Type function(DwarfEntry entry) {
        if (entry.convention > DW_CC_program) {
            return new Type.Other("function of another calling convention"); // or one that an optimiser has changed
        }
        List<Type.Parameter> parameters = new ArrayList<>();
        boolean variadic = false;
        for (DwarfEntry child : entry.children()) {
            if (child.tag == DW_TAG_unspecified_parameters) {
                variadic = true;
            } else {
                parameters.add(new Type.Parameter(child.name, passed(child)));
            }
        }
        if (entry.isC && !entry.prototyped || entry.toldByPlace && !isTold(entry)) {
            return new Type.Function(number(entry), List.of(), true);
        }
        return new Type.Function(number(entry), List.copyOf(parameters), variadic);
    }

    /** The type of what is passed: C never passes an array by value, and says so itself. */
    private int passed(DwarfEntry parameter) {
        int type = number(parameter);
        DwarfEntry own = byOffset.get(parameter.type);
        boolean isArray = own != null && isArray(own) && !own.elsewhereInMemory;
        if (parameter.way == DwarfLocations.Way.REFERENCE) {
            return isArray ? type : table.add(new Type.Pointer(type));
        }
        return isArray ? table.add(new Type.Other("an array by value")) : type;
    }
}
