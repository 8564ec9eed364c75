package dev.banos.loader.types;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads section {@code .BTF}, which {@code gcc -gbtf} writes: a header, a list of types that are numbered in their order, and their
 * names. The format is that of the Linux kernel's documentation, "BPF Type Format"; kinds up to 19.
 *
 * <pre>
 *     | header | types: (name, info, size or type) and what the kind adds ... | names |
 *     info     31 flag   28..24 kind   15..0 vlen, a count
 * </pre>
 */
final class BtfReader {
    static final String SECTION = ".BTF";
    private static final int MAGIC = 0xeb9f;
    private static final int HEADER_BYTES = 24;
    private static final int BTF_KIND_INT = 1;
    private static final int BTF_KIND_PTR = 2;
    private static final int BTF_KIND_ARRAY = 3;
    private static final int BTF_KIND_STRUCT = 4;
    private static final int BTF_KIND_UNION = 5;
    private static final int BTF_KIND_ENUM = 6;
    private static final int BTF_KIND_FWD = 7;
    private static final int BTF_KIND_TYPEDEF = 8;
    private static final int BTF_KIND_VOLATILE = 9;
    private static final int BTF_KIND_CONST = 10;
    private static final int BTF_KIND_RESTRICT = 11;
    private static final int BTF_KIND_FUNC = 12;
    private static final int BTF_KIND_FUNC_PROTO = 13;
    private static final int BTF_KIND_VAR = 14;
    private static final int BTF_KIND_DATASEC = 15;
    private static final int BTF_KIND_FLOAT = 16;
    private static final int BTF_KIND_DECL_TAG = 17;
    private static final int BTF_KIND_TYPE_TAG = 18;
    private static final int BTF_KIND_ENUM64 = 19;
    private static final int ENCODING_SIGNED = 1;
    private static final int ENCODING_BOOL = 4;
    private static final int EXTERN = 2;

    private final Bytes bytes;
    private final TypeTable table;
    private final Map<Integer, String> names = new HashMap<>();
    @SuppressWarnings("NullAway.Init") // before the first type
    private Bytes strings;

    private BtfReader(Bytes bytes, TypeTable table) {
        this.bytes = bytes;
        this.table = table;
    }

    static TypeTable read(ElfObject object, int section) {
        byte[] contents = object.contents(section);
        TypeTable table = new TypeTable(object.file());
        Budget budget = new Budget(object.file(), object.bytes().length);
        budget.section(contents.length);
        new BtfReader(new Bytes(object, section, contents, budget), table).read(object);
        return table;
    }

    private void read(ElfObject object) {
        if (bytes.u16() != MAGIC) {
            throw bytes.malformed("no BTF: its first two bytes are not eb9f");
        }
        int version = bytes.u8();
        bytes.skip(1); // flags: none are defined
        long header = bytes.u32();
        if (version != 1 || header < HEADER_BYTES) {
            throw bytes.unsupported("BTF of version " + version + " with a header of " + header + " bytes");
        }
        long typeStart = header + bytes.u32();
        long typeEnd = typeStart + bytes.u32();
        long nameStart = header + bytes.u32();
        strings = bytes.range(nameStart, nameStart + bytes.u32());
        Bytes types = bytes.range(typeStart, typeEnd);
        List<Named> named = new ArrayList<>();
        while (types.hasMore()) {
            type(types, named);
        }
        checkNumbers();
        boolean labelled = isLabelled(object.symbols(), named);
        for (Named each : named) {
            name(each, labelled);
        }
        table.indexNames();
    }

    /** A function or variable. */
    private record Named(@Nullable String name, int type, boolean function, boolean definition) {
    }

    /**
     * Whether {@code int add(int, int) __asm__("sum")} and the like may have given functions other symbols than their names, of which
     * nothing else tells: one is defined that no function is called, and one of the functions has no symbol of its name.
     */
    private static boolean isLabelled(SymbolTable symbols, List<Named> named) {
        Set<String> functions = new HashSet<>();
        named.stream().filter(each -> each.function() && each.definition()).forEach(each -> functions.add(each.name()));
        Set<Long> places = new HashSet<>(); // an alias is no label
        List<Long> others = new ArrayList<>();
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            if (symbols.type(symbol) == Elf.STT_FUNC && !symbols.isUndefined(symbol)) {
                long place = (long) symbols.section(symbol) << Integer.SIZE ^ symbols.value(symbol);
                String name = symbols.name(symbol);
                if (functions.remove(name)) {
                    places.add(place);
                } else if (symbol >= symbols.firstGlobal() && name.indexOf('.') < 0) {
                    others.add(place);
                }
            }
        }
        return !functions.isEmpty() && !places.containsAll(others);
    }

    private void name(Named named, boolean labelled) {
        requireNumber(named.type());
        if (named.name() == null || named.function() && labelled) {
            return; // nobody can ask for it, or knows whose it is
        }
        if (named.function()) {
            table.function(named.name(), named.type(), named.definition());
        } else {
            table.variable(named.name(), named.type(), named.definition());
        }
    }

    private void type(Bytes in, List<Named> named) {
        String name = name(in.i32());
        int info = in.i32();
        int count = info & 0xffff;
        boolean flag = info < 0;
        int rest = in.i32();
        switch (info >>> 24 & 0x1f) {
            case BTF_KIND_INT -> table.add(integer(name, rest, in.i32()));
            case BTF_KIND_PTR -> table.add(new Type.Pointer(rest));
            case BTF_KIND_ARRAY -> table.add(array(in));
            case BTF_KIND_STRUCT -> table.add(new Type.Composite("struct", name, unsigned(rest), members(in, count, flag), Type.Passing.BYTES, 1));
            case BTF_KIND_UNION -> table.add(new Type.Composite("union", name, unsigned(rest), members(in, count, flag), Type.Passing.BYTES, 1));
            case BTF_KIND_ENUM -> enumeration(in, name, rest, flag, count * 2L * Integer.BYTES);
            case BTF_KIND_FWD -> table.add(new Type.Forward(flag ? "union" : "struct", name));
            case BTF_KIND_TYPEDEF, BTF_KIND_TYPE_TAG -> table.add(new Type.Typedef(name == null ? "?" : name, rest));
            case BTF_KIND_VOLATILE -> table.add(new Type.Qualified("volatile", rest));
            case BTF_KIND_CONST -> table.add(new Type.Qualified("const", rest));
            case BTF_KIND_RESTRICT -> table.add(new Type.Qualified("restrict", rest));
            case BTF_KIND_FUNC -> {
                table.add(new Type.Other("function " + name));
                named.add(new Named(name, rest, true, count != EXTERN));
            }
            case BTF_KIND_FUNC_PROTO -> table.add(function(in, rest, count));
            case BTF_KIND_VAR -> {
                table.add(new Type.Other("variable " + name));
                named.add(new Named(name, rest, false, in.i32() != EXTERN));
            }
            case BTF_KIND_DATASEC -> {
                in.skip(count * 3L * Integer.BYTES);
                table.add(new Type.Other("section " + name));
            }
            case BTF_KIND_FLOAT -> table.add(real(name, rest));
            case BTF_KIND_DECL_TAG -> {
                in.skip(Integer.BYTES);
                table.add(new Type.Other("declaration tag " + name));
            }
            case BTF_KIND_ENUM64 -> enumeration(in, name, rest, flag, count * 3L * Integer.BYTES);
            default -> throw in.unsupported("a BTF type of kind " + (info >>> 24 & 0x1f));
        }
    }

    private static long unsigned(int size) {
        return size & 0xffff_ffffL;
    }

    private static Type integer(@Nullable String name, int bytes, int data) {
        int encoding = data >>> 24 & 0xf;
        boolean signed = (encoding & ENCODING_SIGNED) != 0;
        if ((encoding & ENCODING_BOOL) != 0) {
            return new Type.Bool(bytes);
        }
        return Scalars.integer(name, bytes, signed);
    }

    private static Type real(@Nullable String name, int bytes) {
        return Scalars.real(name, bytes);
    }

    private static Type array(Bytes in) {
        int element = in.i32();
        in.skip(Integer.BYTES); // the index's type
        long count = in.u32();
        return new Type.Array(element, count == 0 ? Type.Array.UNKNOWN : count); // what a declaration without a size has, too
    }

    private List<Type.Member> members(Bytes in, int count, boolean withBits) {
        List<Type.Member> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = name(in.i32());
            int type = in.i32();
            long offset = in.u32();
            members.add(withBits ? new Type.Member(name, type, offset & 0xff_ffff, (int) (offset >>> 24))
                    : new Type.Member(name, type, offset, 0));
        }
        return List.copyOf(members);
    }

    private void enumeration(Bytes in, @Nullable String name, int bytes, boolean signed, long constants) {
        in.skip(constants);
        table.add(new Type.Enumeration(name, bytes, signed));
    }

    /** A last parameter without name and type stands for three dots. */
    private Type function(Bytes in, int result, int count) {
        List<Type.Parameter> parameters = new ArrayList<>();
        boolean variadic = false;
        for (int i = 0; i < count; i++) {
            String name = name(in.i32());
            int type = in.i32();
            if (i == count - 1 && name == null && type == 0) {
                variadic = true;
            } else {
                parameters.add(new Type.Parameter(name, type));
            }
        }
        return new Type.Function(result, List.copyOf(parameters), variadic);
    }

    private @Nullable String name(int offset) {
        if (offset == 0) {
            return null;
        }
        String known = names.get(offset);
        if (known == null) {
            Bytes at = strings.range(strings.at() + unsigned(offset), strings.end());
            known = at.string();
            names.put(offset, known);
        }
        return known.isEmpty() ? null : known;
    }

    private void checkNumbers() {
        for (int number = 1; number < table.count(); number++) {
            switch (table.type(number)) {
                case Type.Pointer pointer -> requireNumber(pointer.to());
                case Type.Array array -> requireNumber(array.of());
                case Type.Composite composite -> composite.members().forEach(member -> requireNumber(member.type()));
                case Type.Typedef typedef -> requireNumber(typedef.of());
                case Type.Qualified qualified -> requireNumber(qualified.of());
                case Type.Function function -> {
                    requireNumber(function.result());
                    function.parameters().forEach(parameter -> requireNumber(parameter.type()));
                }
                default -> { }
            }
        }
    }

    private void requireNumber(int number) {
        if (number < 0 || number >= table.count()) {
            throw bytes.malformed("type " + Integer.toUnsignedString(number) + " of " + table.count());
        }
    }
}
