package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.process.ThreadLocalPlace;
import dev.banos.loader.process.TinyLibrary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Thread-local variables of other modules. Of those of shared libraries in this process, such as libstdc++'s own, the dynamic
 * linker tells the number of the library that has each, its offset there, and where the code asks for it its distance from the
 * thread pointer; as long as the module is there, those libraries stay. What no library has, {@link Imports} may know.
 */
final class TlsImports {
    private static final int ANSWERS_EACH = 3;

    /** One undefined symbol of one object. */
    private record Use(LinkedObject object, int symbol, int variable) {
        boolean needsDistance() {
            return (object.needs[symbol] & FixupKind.Need.TLS_DISTANCE) != 0;
        }
    }

    private final TinyLibrary library = new TinyLibrary();
    /** The number of each, in that order. */
    private final Map<String, Integer> variables = new LinkedHashMap<>();
    private final List<Use> uses = new ArrayList<>();
    /** By number; null where nobody has it. */
    private final List<@Nullable ThreadLocalPlace> places = new ArrayList<>();
    private boolean distances;
    private boolean open;

    void add(LinkedObject object, int symbol, String name) {
        Integer known = variables.putIfAbsent(name, variables.size());
        Use use = new Use(object, symbol, known != null ? known : variables.size() - 1);
        uses.add(use);
        distances |= use.needsDistance();
    }

    /**
     * Asks the dynamic linker for all of them, and {@code imports} for what it does not have.
     *
     * @param missing is given the names of those that are nowhere and not weak
     * @throws Refusal if one lies at no fixed distance from the thread pointer, though the code wants it to
     */
    void resolve(Imports imports, Set<String> missing) {
        if (variables.isEmpty()) {
            return;
        }
        askDynamicLinker();
        variables.forEach((name, variable) -> {
            long number = answer(variable, 0);
            places.add(number == 0 ? imports.findThreadLocal(name)
                    : new ThreadLocalPlace("", number, answer(variable, 1), distances ? answer(variable, 2) : 0));
        });
        for (Use use : uses) {
            ThreadLocalPlace place = places.get(use.variable());
            SymbolTable symbols = use.object().elf.symbols();
            if (place == null && !symbols.isWeak(use.symbol())) {
                missing.add(symbols.name(use.symbol()));
            }
            if (place == null && symbols.isWeak(use.symbol()) && Architecture.hostMachine() == Elf.EM_AARCH64) {
                throw Refusal.unsupported(use.object().elf.file(), null, -1, "thread-local variable " + symbols.name(use.symbol())
                        + " is nowhere, and code for aarch64 would take the thread's own data for it", "define it, or do without it");
            }
            if (place != null && use.needsDistance() && place.distance() == ThreadLocalPlace.NO_DISTANCE) {
                throw noDistance(use, place.owner());
            }
        }
    }

    private void askDynamicLinker() {
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
                    (Architecture.hostMachine() == Elf.EM_X86_64 ? "compile with -fPIC and without -ftls-model, which lets them lie anywhere, or " : "")
                            + "start the JVM with that library in LD_PRELOAD");
        }
        open = true;
    }

    private static Refusal noDistance(Use use, String owner) {
        return Refusal.unsupported(use.object().elf.file(), null, -1, "thread-local variable "
                + use.object().elf.symbols().name(use.symbol()) + " of " + owner + " is at no fixed distance from the thread pointer,"
                + " where this code looks for it", Architecture.hostMachine() == Elf.EM_AARCH64 ? "load what has it before the JVM starts, by"
                + " LD_PRELOAD" : "compile this file with -fPIC, or " + owner + " without it: its"
                + " variables then have such a distance, if glibc has room for it");
    }

    /**
     * Writes the answers into the objects.
     *
     * @param distance from the thread pointer to the module's own block, from where addresses of thread-local symbols count
     */
    void place(long distance) {
        for (Use use : uses) {
            LinkedObject object = use.object();
            if (object.tlsImports == null) {
                object.tlsImports = new long[object.elf.symbols().count()][];
            }
            ThreadLocalPlace found = places.get(use.variable());
            ThreadLocalPlace place = found == null ? ThreadLocalPlace.NOWHERE : found;
            object.tlsImports[use.symbol()] = new long[] {place.module(), place.offset()};
            object.address[use.symbol()] = place.distance() - distance;
        }
        uses.clear(); // this stays as long as the module's memory, which outlives the objects
    }

    /** Whether the code takes the undefined symbol for a thread-local variable. */
    static boolean isOne(LinkedObject object, int symbol) {
        return object.elf.symbols().type(symbol) == Elf.STT_TLS
                || (object.needs[symbol] & (FixupKind.Need.TLS_DISTANCE | FixupKind.Need.TLS_PAIR)) != 0;
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
