package dev.banos.loader.types;

import dev.banos.loader.elf.Refusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The types of an object, numbered, and which of them its functions, variables and tags have. The readers fill it; every number
 * in it then names a type, but chains may still be circular, so whoever follows one counts.
 */
public final class TypeTable {
    /** Longer than any chain of typedefs and qualifiers that a person writes. */
    private static final int LONGEST_CHAIN = 256;

    public static final int VOID = 0;
    /** The number of {@code const char} in a table of {@link #ofFunction}. */
    static final int CONST_CHAR = 2;

    private final String file;
    private final List<Type> types = new ArrayList<>();
    private final Map<String, Integer> functions = new HashMap<>();
    private final Map<String, Integer> variables = new HashMap<>();
    private final Map<String, Integer> localFunctions = new HashMap<>();
    private final Map<String, Integer> localVariables = new HashMap<>();
    private final Map<String, Integer> tags = new HashMap<>();

    TypeTable(String file) {
        this.file = file;
        types.add(new Type.Void());
    }

    /** A table of one function that someone declared, whose types are numbers and pointers to nothing or {@link #CONST_CHAR}. */
    static TypeTable ofFunction(String file, String name, Type result, List<Type> parameters) {
        TypeTable table = new TypeTable(file);
        int character = table.add(new Type.Char(true));
        table.add(new Type.Qualified("const", character));
        List<Type.Parameter> list = new ArrayList<>();
        parameters.forEach(parameter -> list.add(new Type.Parameter(null, table.add(parameter))));
        table.function(name, table.add(new Type.Function(table.add(result), List.copyOf(list), false)), true);
        return table;
    }

    /** What messages call the object. */
    public String file() {
        return file;
    }

    int add(Type type) {
        types.add(type);
        return types.size() - 1;
    }

    void set(int number, Type type) {
        types.set(number, type);
    }

    int count() {
        return types.size();
    }

    /** Names a function; a definition is kept over a declaration, the first over later ones. */
    void function(String name, int type, boolean definition) {
        put(functions, name, type, definition);
    }

    void variable(String name, int type, boolean definition) {
        put(variables, name, type, definition);
    }

    /** Of what several files call by one name, each its own, nothing is known where they declare it differently. */
    void localFunction(String name, int type) {
        putLocal(functions, localFunctions, name, type);
    }

    void localVariable(String name, int type) {
        putLocal(variables, localVariables, name, type);
    }

    private void putLocal(Map<String, Integer> map, Map<String, Integer> locals, String name, int type) {
        Integer other = locals.putIfAbsent(name, type);
        if (other == null) {
            map.putIfAbsent(name, type);
        } else if (!Declarations.type(this, other).equals(Declarations.type(this, type))) { // in words, which are cheap
            map.remove(name, other);
        }
    }

    private static void put(Map<String, Integer> map, String name, int type, boolean definition) {
        if (definition) {
            map.put(name, type);
        } else {
            map.putIfAbsent(name, type);
        }
    }

    /** Lets composites and typedefs be found by {@code struct point} or {@code point_t}. */
    void indexNames() {
        for (int number = 1; number < types.size(); number++) {
            switch (types.get(number)) {
                case Type.Composite composite when composite.name() != null ->
                        tags.putIfAbsent(composite.keyword() + " " + composite.name(), number);
                case Type.Typedef typedef -> tags.putIfAbsent(typedef.name(), number);
                default -> { }
            }
        }
    }

    public Type type(int number) {
        return types.get(number);
    }

    /** The function's type, or 0 where there is none of that name. */
    public int function(String name) {
        return functions.getOrDefault(name, 0);
    }

    /** The variable's type, or 0 where there is none of that name. */
    public int variable(String name) {
        return variables.getOrDefault(name, 0);
    }

    /** The number of {@code struct point}, {@code union value} or of a typedef; 0 where there is none of that name. */
    public int named(String name) {
        return tags.getOrDefault(name, 0);
    }

    /** Whether there is any for {@link #named}, or anything else: then the object has type information. */
    boolean hasNames() {
        return !tags.isEmpty() || !isEmpty();
    }

    public boolean isEmpty() {
        return functions.isEmpty() && variables.isEmpty();
    }

    /**
     * What the type is once typedefs and qualifiers are taken off.
     *
     * @throws Refusal if they go in a circle
     */
    public Type plain(int number) {
        return types.get(plainNumber(number));
    }

    int plainNumber(int number) {
        int at = number;
        for (int length = 0; length < LONGEST_CHAIN; length++) {
            switch (types.get(at)) {
                case Type.Typedef typedef -> at = typedef.of();
                case Type.Qualified qualified -> at = qualified.of();
                default -> {
                    return at;
                }
            }
        }
        throw malformed("typedefs go in a circle at type " + number);
    }

    /** What a parameter of that declared type is: an array and a function travel as pointers (C 6.7.6.3). */
    public boolean isPointer(int number) {
        Type plain = plain(number);
        return plain instanceof Type.Pointer || plain instanceof Type.Array || plain instanceof Type.Function;
    }

    /**
     * Which parameters, counted from 0, are unsigned and smaller than an int. A caller fills the register with zeros beyond them, as
     * the language's compilers rely on; what Java's linker has for a byte or short is the sign's copies.
     */
    public Set<Integer> unsigned(Type.Function function) {
        Set<Integer> unsigned = new HashSet<>();
        for (int i = 0; i < function.parameters().size(); i++) {
            if (isNarrowUnsigned(function.parameters().get(i).type())) {
                unsigned.add(i);
            }
        }
        return unsigned;
    }

    /** Whether it is an integer without a sign that Java has as a byte or short. */
    public boolean isNarrowUnsigned(int number) {
        return switch (plain(number)) {
            case Type.Integer integer -> !integer.signed() && integer.bytes() < Integer.BYTES;
            case Type.Enumeration enumeration -> !enumeration.signed() && enumeration.bytes() < Integer.BYTES;
            case Type.Char character -> !character.signed();
            default -> false;
        };
    }

    /** The function that a parameter points to, or null. */
    public Type.@Nullable Function pointedFunction(int number) {
        Type plain = plain(number);
        if (plain instanceof Type.Pointer pointer) {
            plain = plain(pointer.to());
        }
        return plain instanceof Type.Function function ? function : null;
    }

    /** Whether it is {@code const char *}: a string that the function reads. */
    public boolean isConstString(int number) {
        return plain(number) instanceof Type.Pointer pointer && isConst(pointer.to()) && isByte(pointer.to());
    }

    /** Whether text may be passed as it: a pointer to bytes, or to nothing in particular. */
    public boolean isTextPointer(int number) {
        return switch (plain(number)) {
            case Type.Pointer pointer -> isByte(pointer.to()) || plain(pointer.to()) instanceof Type.Void || isUnknown(pointer.to());
            case Type.Array array -> isByte(array.of());
            default -> false;
        };
    }

    private boolean isByte(int number) {
        return switch (plain(number)) {
            case Type.Char _ -> true;
            case Type.Integer integer -> integer.bytes() == 1;
            default -> false;
        };
    }

    /** Whether it may be any type, as its description is not in the file. */
    public boolean isUnknown(int number) {
        return plain(number) instanceof Type.Other other && other.isUnknown();
    }

    private boolean isConst(int number) {
        int at = number;
        for (int length = 0; length < LONGEST_CHAIN; length++) {
            switch (types.get(at)) {
                case Type.Typedef typedef -> at = typedef.of();
                case Type.Qualified qualified when qualified.word().equals("const") -> {
                    return true;
                }
                case Type.Qualified qualified -> at = qualified.of();
                default -> {
                    return false;
                }
            }
        }
        return false;
    }

    Refusal malformed(String why) {
        return Refusal.malformed(file, null, -1, "its type information is damaged: " + why);
    }

    Refusal unsupported(String why) {
        return Refusal.unsupported(file, null, -1, why, null);
    }
}
