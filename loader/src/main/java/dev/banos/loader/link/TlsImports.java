package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SymbolTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Thread-local variables of shared libraries in this process, such as libstdc++'s own: the dynamic linker tells the number of the
 * library that has each, its offset there, and where the code asks for it its distance from the thread pointer. As long as the
 * module is there, those libraries stay.
 */
final class TlsImports {
    private static final int ANSWERS_EACH = 3;

    /** One undefined symbol of one object. */
    private record Use(LinkedObject object, int symbol, int variable) {
    }

    private final TinyLibrary library = new TinyLibrary();
    /** The number of each, in that order. */
    private final Map<String, Integer> variables = new LinkedHashMap<>();
    private final List<Use> uses = new ArrayList<>();
    private boolean distances;
    private boolean open;

    void add(LinkedObject object, int symbol, String name) {
        Integer known = variables.putIfAbsent(name, variables.size());
        uses.add(new Use(object, symbol, known != null ? known : variables.size() - 1));
        distances |= (object.needs[symbol] & FixupKind.Need.TLS_DISTANCE) != 0;
    }

    /**
     * Asks the dynamic linker for all of them.
     *
     * @param missing is given the names of those that are nowhere and not weak
     * @throws Refusal if one lies at no fixed distance from the thread pointer, though the code wants it to
     */
    void resolve(Set<String> missing) {
        if (variables.isEmpty()) {
            return;
        }
        for (String name : variables.keySet()) {
            int symbol = library.symbol(name);
            library.ask(symbol, TinyLibrary.MODULE_NUMBER);
            library.ask(symbol, TinyLibrary.OFFSET_IN_BLOCK);
            library.ask(symbol, distances ? TinyLibrary.DISTANCE : TinyLibrary.OFFSET_IN_BLOCK);
        }
        String cause = library.open();
        if (cause != null) {
            throw Refusal.unsupported(uses.getFirst().object().elf.file(), null, -1, "thread-local "
                    + (variables.size() == 1 ? "variable " : "variables ") + String.join(", ", variables.keySet()) + " of other libraries: " + cause,
                    "compile with -fPIC, which lets them lie anywhere, or start the JVM with that library in LD_PRELOAD");
        }
        open = true;
        for (Use use : uses) {
            SymbolTable symbols = use.object().elf.symbols();
            if (number(use.variable()) == 0 && !symbols.isWeak(use.symbol())) {
                missing.add(symbols.name(use.symbol()));
            }
        }
    }

    /**
     * Writes the answers into the objects.
     *
     * @param distance from the thread pointer to the module's own block, from where addresses of thread-local symbols count
     */
    void place(long distance) {
        for (Use use : uses) {
            if (use.object().tlsImports == null) {
                use.object().tlsImports = new long[use.object().elf.symbols().count()][];
            }
            use.object().tlsImports[use.symbol()] = new long[] {number(use.variable()), answer(use.variable(), 1)};
            use.object().address[use.symbol()] = answer(use.variable(), 2) - distance;
        }
    }

    /** Whether the code takes the undefined symbol for a thread-local variable. */
    static boolean isOne(LinkedObject object, int symbol) {
        return object.elf.symbols().type(symbol) == Elf.STT_TLS
                || (object.needs[symbol] & (FixupKind.Need.TLS_DISTANCE | FixupKind.Need.TLS_PAIR)) != 0;
    }

    private long number(int variable) {
        return answer(variable, 0);
    }

    private long answer(int variable, int which) {
        return library.answer(variable * ANSWERS_EACH + which);
    }

    void close() {
        if (open) {
            library.close();
        }
    }
}
