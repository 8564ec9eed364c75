package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.elf.SymbolVersion;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.ThreadLocalPlace;
import dev.banos.loader.process.TlsModule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A module in memory. Whoever unmaps it answers for it that nothing runs in it any more. */
public final class LinkedModule {
    /** In a message. */
    private static final int MOST_NAMES = 10;

    private final String name;
    private final long base;
    private final Layout layout;
    private final List<LinkedObject> objects;
    private final Map<String, Combine.Definition> definitions;
    private final StartStop startStop;
    /** Null where the module has no thread-local variables. */
    private final @Nullable TlsModule tls;
    private final ModuleMemory memory;
    private final PhaseClock clock;

    LinkedModule(String name, AddressSpace space, long base, Layout layout, List<LinkedObject> objects,
            Map<String, Combine.Definition> definitions, @Nullable TlsModule tls, TlsImports tlsImports,
            @Nullable ThreadDestructors threadDestructors, PhaseClock clock) {
        this.name = name;
        this.clock = clock;
        this.base = base;
        this.layout = layout;
        this.objects = objects;
        this.definitions = definitions;
        this.tls = tls;
        this.startStop = new StartStop(base, threadDestructors == null ? base : threadDestructors.handle(), objects);
        this.memory = new ModuleMemory(space, base, layout.size, startStop, tls, tlsImports, threadDestructors);
    }

    /** What messages call it. */
    public String name() {
        return name;
    }

    public PhaseClock clock() {
        return clock;
    }

    public ModuleFigures figures() {
        return ModuleFigures.of(objects, definitions, layout);
    }

    public long base() {
        return base;
    }

    /** Bytes of memory, a whole number of pages. */
    public long size() {
        return layout.size;
    }

    public boolean contains(long address) {
        return address >= base && address - base < layout.size;
    }

    public boolean isCode(long address) {
        return address >= base && address - base < layout.constants;
    }

    /** What lies at an address of this module. */
    public Whereabouts whereabouts(long address) {
        return Whereabouts.of((int) (address - base), base, layout, objects, Architecture.host());
    }

    /** The functions and variables that the module holds, local ones too, by their addresses. */
    public List<ModuleSymbol> symbols() {
        return ModuleSymbol.of(objects, base);
    }

    /** For each object its file, with the addresses that its sections have. */
    public List<byte[]> symbolFiles() {
        List<byte[]> files = new ArrayList<>();
        for (LinkedObject object : objects) {
            files.add(SymbolFile.of(object, base));
        }
        return files;
    }

    /** Registers the module's unwind tables and runs its constructors. */
    public void start() {
        startStop.start();
    }

    /** Runs what was registered with {@code __cxa_atexit}, then the module's destructors. */
    public void stop() {
        startStop.stop();
    }

    /** What its code may call outside of it, which stays as long as it does. */
    public void uses(List<? extends Remains> used) {
        memory.uses(used);
    }

    /** As soon as no thread has a destructor of the module's to run any more, nor of any that uses it. */
    public void unmap() {
        memory.unmap();
    }

    /** What stays of it where threads may still come into it, or others that stay. */
    public Remains memory() {
        return memory;
    }

    /** Whether the module holds the section: of groups that several objects have, one's copy is kept. */
    public boolean isPlaced(int object, int section) {
        return objects.get(object).isPlaced(section);
    }

    /** The address of a section of the object at {@code object}, in the order in which they were linked. */
    public long sectionAddress(int object, int section) {
        return base + objects.get(object).sectionOffset[section];
    }

    /**
     * The place of a thread-local variable that is in the module, by the name that the object at {@code object} has for it; or null,
     * also of one without bytes in a module that has no others.
     */
    public @Nullable ThreadLocalPlace threadLocal(int object, String name) {
        LinkedObject user = objects.get(object);
        SymbolTable symbols = user.elf.symbols();
        for (int symbol = 1; symbol < symbols.count(); symbol++) {
            if (symbols.type(symbol) == Elf.STT_TLS && symbols.isNamed(symbol, name)) {
                return tls != null && isHere(user, symbol) ? tls.place(this.name, user.address[symbol]) : null;
            }
        }
        return null;
    }

    private boolean isHere(LinkedObject user, int symbol) {
        int section = user.elf.symbols().section(symbol);
        if (section > 0 && !user.isDropped(section)) {
            return user.isThreadLocal(section);
        }
        Combine.Definition definition = definitions.get(user.elf.symbols().name(symbol));
        return definition != null && definition.object() != user && isHere(definition.object(), definition.symbol());
    }

    /** The address of a global symbol that the module defines, or 0; a thread-local variable has none. */
    public long symbol(String name) {
        Combine.Definition definition = definitions.get(name);
        if (definition != null && definition.object().elf.symbols().type(definition.symbol()) != Elf.STT_TLS) {
            return definition.object().address[definition.symbol()];
        }
        for (LinkedObject object : objects) {
            SymbolTable symbols = object.elf.symbols();
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                if (symbols.section(symbol) != Elf.SHN_UNDEF && symbols.type(symbol) != Elf.STT_TLS && symbols.isNamed(symbol, name)) {
                    return object.address[symbol];
                }
            }
        }
        return defaultVersion(name);
    }

    /** What to say to one who asks for a symbol that is not here. */
    public String remedyForMissing() {
        Set<String> names = new TreeSet<>();
        boolean stripped = true;
        for (LinkedObject object : objects) {
            SymbolTable symbols = object.elf.symbols();
            stripped &= symbols.isStripped();
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                if (symbols.section(symbol) != Elf.SHN_UNDEF && symbols.type(symbol) != Elf.STT_TLS) {
                    names.add(symbols.name(symbol));
                }
            }
        }
        if (stripped) {
            return "the symbols were stripped; strip --strip-unneeded keeps them";
        }
        String some = String.join(", ", names.stream().limit(MOST_NAMES).toList());
        return names.isEmpty() ? "what is defined there is static"
                : "defined are " + some + (names.size() > MOST_NAMES ? " and " + (names.size() - MOST_NAMES) + " more" : "");
    }

    private long defaultVersion(String name) {
        for (LinkedObject object : objects) {
            SymbolTable symbols = object.elf.symbols();
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                if (!symbols.isUndefined(symbol) && SymbolVersion.alsoDefined(symbols.name(symbol)).contains(name)) {
                    return object.address[symbol];
                }
            }
        }
        return 0;
    }
}
