package dev.banos.loader;

import dev.banos.loader.call.Calls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.types.Agreement;
import dev.banos.loader.types.CType;
import dev.banos.loader.types.Declarations;
import dev.banos.loader.types.Type;
import dev.banos.loader.types.TypeSource;
import dev.banos.loader.types.TypeTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Compares the prototype that a caller gives with what the object's type information says of the function, where it says anything.
 * {@link Prototype} says what agrees.
 */
final class PrototypeAgreement {
    private final Prototype prototype;
    private final TypeSource.Typed given;
    private final TypeSource.Typed own;
    private final TypeTable table;
    private final List<String> differences = new ArrayList<>();
    /** {@link TypeTable#unsigned}, in which the object's word counts: it knows the sign of its {@code char} and of its enumerations. */
    private final Set<Integer> unsigned;

    private PrototypeAgreement(Prototype prototype, TypeSource.Typed own) {
        this.prototype = prototype;
        this.given = prototype.typed();
        this.own = own;
        this.table = own.table();
        this.unsigned = new HashSet<>(given.unsigned());
    }

    /**
     * How to call the function.
     *
     * @param type looks for what the object says; what cannot be read is as good as none
     * @throws Refusal if the object says that it is no function, or one of another type
     */
    static Calls.Shape shape(Prototype prototype, Supplier<Optional<TypeSource.Typed>> type) {
        Optional<TypeSource.Typed> own = readable(type);
        if (own.isEmpty()) {
            return new Calls.Shape(prototype.descriptor(), prototype.typed().unsigned(), Calls.Shape.NOT_VARIADIC, Calls.Mode.ORDINARY,
                    false);
        }
        PrototypeAgreement agreement = new PrototypeAgreement(prototype, own.get());
        int fixed = agreement.require();
        return new Calls.Shape(prototype.descriptor(), agreement.unsigned, fixed, Calls.Mode.ORDINARY, false);
    }

    private static Optional<TypeSource.Typed> readable(Supplier<Optional<TypeSource.Typed>> type) {
        try {
            return type.get();
        } catch (Refusal damaged) {
            return Optional.empty();
        }
    }

    /** How many parameters stand before the three dots. */
    private int require() {
        if (table.type(own.number()) instanceof Type.Other) {
            own.callable(); // throws
        }
        if (!(table.type(own.number()) instanceof Type.Function function)) {
            throw new Refusal(Refusal.EINVAL, table.file(), null, -1, own.name() + " is no function but " + own.declaration(),
                    "use its address");
        }
        try {
            compare(function);
        } catch (Refusal damaged) {
            return Calls.Shape.NOT_VARIADIC;
        }
        if (!differences.isEmpty()) {
            throw new Refusal(Refusal.EINVAL, table.file(), null, -1, own.declaration() + " is no " + given.declaration() + ": "
                    + String.join("; ", differences),
                    "say the type as a FunctionDescriptor if the object's type information is wrong");
        }
        return function.variadic() && !function.isUnprototyped() ? function.parameters().size() : Calls.Shape.NOT_VARIADIC;
    }

    private void compare(Type.Function function) {
        Type.Function mine = (Type.Function) given.table().type(given.number());
        if (prototype.result() != CType.VOID) {
            value(prototype.result(), mine.result(), function.result(), "result");
        }
        int count = mine.parameters().size();
        int fixed = function.parameters().size();
        if (function.isUnprototyped() && prototype.parameters().contains(CType.FLOAT)) {
            differences.add("C passes a float as a double to a function without a prototype, the prototype as a float");
        }
        if (function.isUnprototyped()) {
            return;
        }
        if (count != fixed && !(function.variadic() && count > fixed)) {
            differences.add("C has " + fixed + (fixed == 1 ? " parameter" : " parameters") + (function.variadic() ? " or more" : "")
                    + ", the prototype " + count);
            return;
        }
        for (int i = 0; i < count; i++) {
            CType type = prototype.parameters().get(i);
            if (i < fixed) {
                int other = function.parameters().get(i).type();
                value(type, mine.parameters().get(i).type(), other, "parameter " + (i + 1));
                if (table.isNarrowUnsigned(other)) {
                    unsigned.add(i);
                } else if (!table.isUnknown(other)) {
                    unsigned.remove(i);
                }
            } else if (!type.isPromoted()) {
                differences.add("parameter " + (i + 1) + ": " + word(mine.parameters().get(i).type())
                        + " stands for C's three dots; use " + (type == CType.FLOAT ? "double" : "int"));
            }
        }
    }

    private void value(CType type, int mine, int other, String what) {
        if (!agrees(type, mine, other)) {
            differences.add(what + ": C " + Declarations.type(table, other) + ", the prototype " + word(mine));
        }
    }

    private String word(int type) {
        return Declarations.type(given.table(), type);
    }

    private boolean agrees(CType type, int mine, int other) {
        return table.isUnknown(other) || switch (type) {
            case STRING -> table.isTextPointer(other);
            case POINTER -> table.isPointer(other);
            case CHAR -> table.plain(other) instanceof Type.Char; // its sign is the compiler's
            default -> !(table.plain(other) instanceof Type.Other)
                    && Agreement.difference(given.table(), mine, table, other) == null;
        };
    }
}
