package dev.banos.loader.types;

import dev.banos.loader.call.Calls;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The type information of the objects of a driver or library. An object's is read when someone first asks for a type in it. */
public final class TypeSource {
    private static final String REMEDY = "compile it with -gbtf or -g, or say the type with a Prototype or a FunctionDescriptor";

    private final String file;
    private final List<ElfObject> objects;
    private final List<@Nullable TypeTable> tables;

    public TypeSource(String file, List<ElfObject> objects) {
        this.file = file;
        this.objects = List.copyOf(objects);
        this.tables = new ArrayList<>(Collections.nCopies(objects.size(), null));
    }

    /** A symbol and its type. */
    public record Typed(TypeTable table, int number, String name) {
        public static Typed ofScalars(String file, String name, Type result, List<Type> parameters) {
            TypeTable table = TypeTable.ofFunction(file, name, result, parameters);
            return new Typed(table, table.function(name), name);
        }

        public String declaration() {
            return Declarations.declare(table, number, name);
        }

        /** @throws Refusal if it is no function, or one that Java cannot call */
        public FunctionDescriptor descriptor() {
            return Layouts.descriptor(table, function());
        }

        /** @throws Refusal as {@link #descriptor} */
        public Type.Function callable() {
            descriptor();
            return function();
        }

        private Type.Function function() {
            if (table.type(number) instanceof Type.Other) {
                throw Refusal.unsupported(table.file(), null, -1, declaration() + " cannot be called from Java", null);
            }
            if (!(table.type(number) instanceof Type.Function function)) {
                throw new Refusal(Refusal.EINVAL, table.file(), null, -1, name + " is no function but " + declaration(),
                        "use its address");
            }
            if (function.isUnprototyped()) {
                throw Refusal.unsupported(table.file(), null, -1, declaration() + " says nothing of its parameters",
                        "declare it with a prototype, or say its type with a Prototype or a FunctionDescriptor");
            }
            return function;
        }

        /** A handle whose first argument is the address to call, and whose last ones are what follows the fixed parameters. */
        public MethodHandle handle(MemoryLayout... more) {
            FunctionDescriptor fixed = descriptor();
            if (more.length > 0 && !function().variadic()) {
                throw new Refusal(Refusal.EINVAL, table.file(), null, -1, declaration() + " takes no more arguments", null);
            }
            int before = function().variadic() ? fixed.argumentLayouts().size() : Calls.Shape.NOT_VARIADIC;
            return Calls.handle(new Calls.Shape(fixed.appendArgumentLayouts(more), unsigned(), before, Calls.Mode.ORDINARY, false),
                    table.file(), name);
        }

        /** {@link TypeTable#unsigned} of the function. */
        public Set<Integer> unsigned() {
            return table.unsigned(function());
        }

        public Typed named(String other) {
            return new Typed(table, number, other);
        }
    }

    /** @throws Refusal if there is no type information of the symbol, or it is damaged */
    public Typed require(String symbol) {
        return find(symbol).orElseThrow(() -> missing(symbol));
    }

    /** As {@link #require(String)}, of a symbol of one object, which may be static. */
    public Typed require(int object, String symbol) {
        return find(object, symbol).orElseThrow(() -> missing(symbol));
    }

    private Refusal missing(String symbol) {
        return Refusal.unsupported(file, null, -1, "there is no type information of " + symbol, REMEDY);
    }

    /** What one of the objects defines for all under that name. */
    public Optional<Typed> find(String symbol) {
        for (int object = 0; object < objects.size(); object++) {
            if (objects.get(object).symbols().defines(symbol)) {
                return find(object, symbol);
            }
        }
        return Optional.empty();
    }

    /** What the first object says that uses the symbol without defining it. */
    public Optional<Typed> declared(String symbol) {
        for (int object = 0; object < objects.size(); object++) {
            Optional<Typed> found = find(object, symbol);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** What the object defines or declares under that name. */
    public Optional<Typed> find(int object, String symbol) {
        TypeTable table = table(object);
        int number = table.function(symbol) != 0 ? table.function(symbol) : table.variable(symbol);
        return number == 0 ? Optional.empty() : Optional.of(new Typed(table, number, symbol));
    }

    private synchronized TypeTable table(int object) {
        TypeTable table = tables.get(object);
        if (table == null) {
            table = ObjectTypes.read(objects.get(object));
            tables.set(object, table);
        }
        return table;
    }

    private String remedyForType(String name) {
        boolean isAny = false;
        for (int object = 0; object < objects.size(); object++) {
            for (String keyword : List.of("struct ", "union ")) {
                if (table(object).named(keyword + name) != 0) {
                    return "ask for \"" + keyword + name + "\"";
                }
            }
            isAny |= table(object).hasNames();
        }
        return isAny ? "what the object does not use, the compiler may have left out; a struct is asked for as \"struct point\""
                : "compile with -gbtf or -g";
    }

    /**
     * The layout of {@code struct point}, {@code union value} or a typedef.
     *
     * @throws Refusal if no object has a type of that name
     */
    public MemoryLayout layout(String name) {
        for (int object = 0; object < objects.size(); object++) {
            TypeTable table = table(object);
            if (table.named(name) != 0) {
                return Layouts.of(table, table.named(name));
            }
        }
        throw new Refusal(Refusal.ENOENT, file, null, -1, "there is no type information of " + name, remedyForType(name));
    }
}
