package dev.banos.loader.types;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Integers and floating-point numbers under the names that people write: compilers say {@code long unsigned int}. */
final class Scalars {
    private static final Map<String, String> SHORT_NAMES = Map.of(
            "long int", "long", "long unsigned int", "unsigned long", "short int", "short",
            "short unsigned int", "unsigned short", "long long int", "long long",
            "long long unsigned int", "unsigned long long", "unsigned int", "unsigned int", "unsigned", "unsigned int");

    private Scalars() {
    }

    /** @param name null where it has none */
    static Type integer(@Nullable String name, int bytes, boolean signed) {
        if (bytes == 1 && "char".equals(name)) {
            return new Type.Char(signed);
        }
        if (Integer.bitCount(bytes) != 1 || bytes > 2 * Long.BYTES || bytes < 0) {
            return new Type.Other(name + " of " + bytes + " bytes");
        }
        String plain = name == null ? (signed ? "int" : "unsigned int") + bytes * Byte.SIZE + "_t" : name;
        return new Type.Integer(SHORT_NAMES.getOrDefault(plain, plain), bytes, signed);
    }

    /** Of a language that has none without a sign. */
    static Type ofEitherSign(@Nullable String name, int bytes) {
        Type type = integer(name, bytes, true);
        return type instanceof Type.Integer integer ? new Type.Integer(integer.name(), bytes, true, true) : type;
    }

    static Type real(@Nullable String name, int bytes) {
        boolean complex = name != null && name.contains("complex");
        return complex || name == null || bytes <= 0 ? new Type.Other(name == null ? "floating point" : name)
                : new Type.Real(name, bytes);
    }
}
