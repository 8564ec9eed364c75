package dev.banos.loader.elf;

import java.util.List;

/**
 * Versions in the names of symbols, as the assembler's {@code .symver} writes them: {@code f@V} is f of version V, {@code f@@V} in
 * addition what f without a version means.
 */
public final class SymbolVersion {
    private static final String DEFAULT = "@@";

    private SymbolVersion() {
    }

    /** The other names that a definition of this name defines. */
    public static List<String> alsoDefined(String name) {
        int at = name.indexOf(DEFAULT);
        return at <= 0 ? List.of() : List.of(name.substring(0, at), name.substring(0, at) + name.substring(at + 1));
    }

    /** Where the name ends and its version begins, with an at sign, or -1. */
    public static int at(String name) {
        return name.indexOf('@', 1);
    }
}
