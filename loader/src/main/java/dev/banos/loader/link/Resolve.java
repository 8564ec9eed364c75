package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.elf.SymbolVersion;
import dev.banos.loader.process.CLibrary;
import dev.banos.loader.process.CppRuntime;
import dev.banos.loader.process.ProcessEnd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Phase 3: gives every symbol its address: where its own section lies, what the link defines, or what the module imports. A
 * weak symbol that is nowhere is 0, and so is one that no relocation uses; other missing ones are reported all at once.
 */
final class Resolve {
    /** Names a module in calls of {@code __cxa_atexit}. */
    static final String DSO_HANDLE = "__dso_handle";
    /** The start of a section that has none in ordinary memory; should another lie there, it costs its symbols only time. */
    private static final long UNUSUAL = -1;
    /** Where the module's own block of thread-local variables begins: compilers count the distances of several from there. */
    static final String TLS_BLOCK = "_TLS_MODULE_BASE_";
    /** On each machine. */
    private static final int NO_RELOCATION = 0;
    /** Characters in a message. */
    private static final int LONGEST_LIST = 1 << 16;
    private static final int LONGEST_NAME = 1 << 10;
    private static final String START = "__start_";
    private static final String STOP = "__stop_";

    private final List<LinkedObject> objects;
    private final Map<String, Combine.Definition> definitions;
    private final Layout layout;
    private final long base;
    private final long dsoHandle;
    private final Imports imports;
    private final @Nullable TlsImports tlsImports;
    private final Set<String> missing = new LinkedHashSet<>();
    /** Symbols by the other names that they define, where there is one object; null until somebody asks. */
    private @Nullable Map<String, Integer> ownVersions;
    /** By the names of sections; null until somebody asks. */
    private @Nullable Map<String, Bounds> bounds;
    /** What some object declares hidden, protected or internal: that holds for all, as the generic ABI combines visibilities. */
    private final Set<String> kept = new HashSet<>();

    /** Where sections of one name lie. */
    private record Bounds(long start, long stop) {
        private Bounds and(Bounds other) {
            return new Bounds(Math.min(start, other.start), Math.max(stop, other.stop));
        }
    }

    private Resolve(List<LinkedObject> objects, Map<String, Combine.Definition> definitions, Layout layout, long base,
            long dsoHandle, Imports imports, @Nullable TlsImports tlsImports) {
        this.objects = objects;
        this.definitions = definitions;
        this.layout = layout;
        this.base = base;
        this.dsoHandle = dsoHandle;
        this.imports = imports;
        this.tlsImports = tlsImports;
    }

    /**
     * @param dsoHandle  what {@code __dso_handle} is
     * @param tlsImports takes the thread-local variables of other libraries; null offline, where {@code imports} knows them
     */
    static void objects(List<LinkedObject> objects, Map<String, Combine.Definition> definitions, Layout layout, long base,
            long dsoHandle, Imports imports, @Nullable TlsImports tlsImports) {
        Resolve resolve = new Resolve(objects, definitions, layout, base, dsoHandle, imports, tlsImports);
        for (LinkedObject object : objects) {
            resolve.defined(object);
            resolve.keep(object);
        }
        for (LinkedObject object : objects) {
            resolve.overruled(object);
            resolve.undefined(object);
        }
        if (tlsImports != null) {
            tlsImports.resolve(imports, resolve.missing);
        }
        resolve.requireAll();
    }

    /** A function that its own code chooses when the module starts: the symbol is that code. */
    static boolean isIndirect(SymbolTable symbols, int symbol) {
        return symbols.type(symbol) == Elf.STT_GNU_IFUNC && symbols.section(symbol) > 0;
    }

    /** Where a symbol of the object's own lies, of a thread-local one its offset in the block; 0 if its section was dropped. */
    static long definedAddress(LinkedObject object, int symbol, long base) {
        SymbolTable symbols = object.elf.symbols();
        int section = symbols.section(symbol);
        if (object.isThreadLocal(section)) {
            return object.tlsOffset[section] + symbols.value(symbol);
        }
        int offset = object.sectionOffset[section];
        return offset == LinkedObject.NOT_PLACED ? 0 : base + offset + symbols.value(symbol);
    }

    private void defined(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        long[] address = object.address;
        long[] starts = sectionStarts(object);
        for (int symbol = 1; symbol < address.length; symbol++) {
            int section = symbols.section(symbol);
            if (section > 0) {
                long start = starts[section];
                address[symbol] = start != UNUSUAL ? start + symbols.value(symbol) : definedAddress(object, symbol, base);
            } else if (section == Elf.SHN_ABS) {
                address[symbol] = symbols.value(symbol);
            } else if (section == Elf.SHN_COMMON && object.commonOffset != null) {
                address[symbol] = base + object.commonOffset[symbol];
            }
        }
        for (int symbol = 1; symbols.hasIndirect() && symbol < address.length; symbol++) {
            if (isIndirect(symbols, symbol)) {
                address[symbol] = base + object.stubOffset[symbol];
            }
        }
    }

    /** Where each section of ordinary memory lies: for a loop over all symbols, which asks {@link #definedAddress} of few. */
    private long[] sectionStarts(LinkedObject object) {
        long[] starts = new long[object.sectionOffset.length];
        for (int section = 1; section < starts.length; section++) {
            starts[section] = object.isPlaced(section) ? base + object.sectionOffset[section] : UNUSUAL;
        }
        return starts;
    }

    /** Where several objects define a name, all of them mean the definition that was chosen. */
    private void overruled(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol = symbols.firstGlobal(); !definitions.isEmpty() && symbol < symbols.count(); symbol++) {
            Combine.Definition definition = symbols.isUndefined(symbol) ? null : definitions.get(symbols.name(symbol));
            if (definition != null && (definition.object() != object || definition.symbol() != symbol)) {
                take(object, symbol, definition);
            }
        }
    }

    private void keep(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol : symbols.undefined()) {
            if (symbols.visibility(symbol) != Elf.STV_DEFAULT) {
                kept.add(symbols.name(symbol));
            }
        }
    }

    /** Whether an undefined name is not to be looked for outside of the link. */
    private boolean isKept(String name) {
        return kept.contains(name) && !imports.isWithin(name);
    }

    private boolean isOnlyOutside(String name) {
        return isKept(name) && (imports.find(name) != 0 || imports.isThreadLocal(name));
    }

    private void take(LinkedObject object, int symbol, Combine.Definition definition) {
        requireSameKind(object, symbol, definition);
        object.address[symbol] = definition.object().address[definition.symbol()];
    }

    /** An offset in a block of thread-local variables is no address, nor the other way round. */
    private static void requireSameKind(LinkedObject object, int symbol, Combine.Definition definition) {
        boolean threadLocal = definition.object().elf.symbols().type(definition.symbol()) == Elf.STT_TLS;
        if (threadLocal != TlsImports.isOne(object, symbol) && used(object).get(symbol)) {
            throw otherKind(object, symbol, threadLocal, " in " + definition.object().elf.file());
        }
    }

    private static Refusal otherKind(LinkedObject object, int symbol, boolean isThreadLocal, String where) {
        return new Refusal(Refusal.EINVAL, object.elf.file(), null, symbol, object.elf.symbols().name(symbol) + " is "
                + (isThreadLocal ? "thread-local" : "not thread-local") + where + ", and "
                + (isThreadLocal ? "declared here as if it were not" : "declared so here"),
                "declare it " + (isThreadLocal ? "with" : "without") + " _Thread_local here as well");
    }

    private void undefined(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        BitSet used = null;
        for (int symbol : withDropped(object, symbols.undefined())) {
            String name = symbols.name(symbol);
            Combine.Definition definition = definitions.get(name);
            if (definition != null) {
                take(object, symbol, definition);
                continue;
            }
            if (symbols.type(symbol) == Elf.STT_TLS && name.equals(TLS_BLOCK)) {
                object.address[symbol] = imports.threadLocalBlock();
                continue;
            }
            if (tlsImports != null && TlsImports.isOne(object, symbol)) {
                if (isKept(name) && !symbols.isWeak(symbol)) {
                    missing.add(name);
                } else {
                    tlsImports.add(object, symbol, name);
                }
                continue;
            }
            if (symbols.type(symbol) == Elf.STT_TLS && imports.findThreadLocalOffset(name) >= 0) {
                object.address[symbol] = imports.findThreadLocalOffset(name);
                continue;
            }
            if (symbols.type(symbol) == Elf.STT_TLS) {
                throw Refusal.unsupported(object.elf.file(), null, symbol, "thread-local variable " + name
                        + " belongs to another module", "give it an address with --phony-imports");
            }
            Long bound = sectionBound(name);
            object.bounds.set(symbol, bound != null);
            Long found = bound != null ? bound : find(object, symbol, name);
            found = found == null && objects.size() == 1 ? ownVersion(object, name) : found;
            object.absent.set(symbol, found == null);
            if (found == null && !symbols.isWeak(symbol)) {
                used = used == null ? used(object) : used;
                if (used.get(symbol)) {
                    missing.add(name);
                }
            }
            long address = found == null ? 0 : found;
            object.address[symbol] = address;
            if (address != 0 && object.commonOffset != null && object.commonOffset[symbol] != 0) {
                object.streamCopies.add(new StreamCopy(object.commonOffset[symbol], address));
                object.address[symbol] = base + object.commonOffset[symbol];
            }
        }
    }

    /** And the symbols of sections that were dropped where the kept copy has none of the name: nobody defines these. */
    private int[] withDropped(LinkedObject object, int[] undefined) {
        if (!object.dropsAny()) {
            return undefined;
        }
        SymbolTable symbols = object.elf.symbols();
        int[] all = Arrays.copyOf(undefined, undefined.length + symbols.count());
        int count = undefined.length;
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            int section = symbols.section(symbol);
            if (section > 0 && object.isDropped(section) && !definitions.containsKey(symbols.name(symbol))) {
                all[count++] = symbol;
            }
        }
        return Arrays.copyOf(all, count);
    }

    /** The symbols of relocations: other linkers let be what is only mentioned, as a call that has been rewritten may leave it. */
    private static BitSet used(LinkedObject object) {
        BitSet used = new BitSet();
        for (RelocationTable table : object.relocations) {
            for (int entry = 0; entry < table.count(); entry++) {
                if (table.type(entry) != NO_RELOCATION) {
                    used.set(table.symbol(entry));
                }
            }
        }
        return used;
    }

    /** Null where it is nowhere: an address may be 0. */
    private @Nullable Long find(LinkedObject object, int symbol, String name) {
        if (name.equals("_GLOBAL_OFFSET_TABLE_")) {
            return base + layout.got;
        }
        if (name.equals(DSO_HANDLE)) {
            return dsoHandle;
        }
        if (isKept(name)) {
            return null;
        }
        long address = imports.find(name);
        if (tlsImports != null && address != 0 && !CLibrary.isInLibrary(address) && imports.isThreadLocal(name)) {
            throw otherKind(object, symbol, true, " in its library");
        }
        if (tlsImports != null && address != 0 && name.equals(ProcessEnd.REGISTER) && address == CLibrary.find(name)) {
            return ProcessEnd.register();
        }
        return address != 0 || imports.isAtZero(name) ? (Long) address : null;
    }

    /** One object's own default version of what it uses: of several objects, {@link Combine} knows such names before libraries do. */
    private @Nullable Long ownVersion(LinkedObject object, String name) {
        Map<String, Integer> found = ownVersions;
        if (found == null) {
            found = new HashMap<>();
            SymbolTable symbols = object.elf.symbols();
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                for (String also : symbols.isUndefined(symbol) ? List.<String>of() : SymbolVersion.alsoDefined(symbols.name(symbol))) {
                    found.put(also, symbol);
                }
            }
            ownVersions = found;
        }
        Integer symbol = found.get(name);
        return symbol == null ? null : (Long) object.address[symbol];
    }

    /** Where the sections begin or end of which the symbol is the {@code __start_} or {@code __stop_}; null for any other. */
    private @Nullable Long sectionBound(String symbol) {
        if (symbol.startsWith(START)) {
            Bounds found = bounds().get(symbol.substring(START.length()));
            return found == null ? null : (Long) found.start();
        }
        if (symbol.startsWith(STOP)) {
            Bounds found = bounds().get(symbol.substring(STOP.length()));
            return found == null ? null : (Long) found.stop();
        }
        return null;
    }

    private Map<String, Bounds> bounds() {
        Map<String, Bounds> found = bounds;
        if (found == null) {
            found = new HashMap<>();
            for (LinkedObject object : objects) {
                addBounds(object, found);
            }
            bounds = found;
        }
        return found;
    }

    private void addBounds(LinkedObject object, Map<String, Bounds> found) {
        SectionTable sections = object.elf.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (object.isPlaced(section)) {
                long start = base + object.sectionOffset[section];
                found.merge(sections.name(section), new Bounds(start, start + sections.size(section)), Bounds::and);
            }
        }
    }

    private void requireAll() {
        if (!missing.isEmpty()) {
            throw new Refusal(Refusal.ENOENT, objects.getFirst().elf.file(), null, -1,
                    (missing.size() == 1 ? "missing import: " : "missing imports: ") + named(missing), remedy());
        }
    }

    /** In a message, which may have hundreds of them, but not all that a file can make long. */
    private static String named(Set<String> names) {
        StringBuilder text = new StringBuilder();
        int left = names.size();
        for (String name : names) {
            if (text.length() > LONGEST_LIST) {
                return text.append(" and ").append(left).append(" more").toString();
            }
            text.append(text.isEmpty() ? "" : ", ").append(name, 0, Math.min(name.length(), LONGEST_NAME))
                    .append(name.length() > LONGEST_NAME ? "…" : "");
            left--;
        }
        return text.toString();
    }

    private String remedy() {
        List<String> remedies = new ArrayList<>();
        List<String> hidden = missing.stream().filter(this::isOnlyOutside).toList();
        if (!hidden.isEmpty()) {
            remedies.add(hidden.getFirst() + " is declared hidden, protected or internal, so that only objects of this link may define it:"
                    + " add the one that does, or declare it without a visibility");
        }
        Set<String> sought = new LinkedHashSet<>(missing);
        sought.removeIf(this::isOnlyOutside);
        long ofRuntime = sought.stream().filter(CppRuntime::has).count();
        if (ofRuntime > 0) {
            boolean plain = sought.stream().filter(CppRuntime::has).allMatch(CppRuntime::isOfCompiler);
            String file = plain ? "libgcc_s.so.1" : "libstdc++.so.6";
            remedies.add((plain ? "the compiler's" : "C++'s") + " runtime library is not loaded: library(\"" + file
                    + "\") of the Loader or ObjectLinker in Java, --library " + file + " of banos install");
        }
        List<String> ofArchive = sought.stream().filter(CompilerArchive::has).toList();
        Map<String, String> firstOfRemedy = new LinkedHashMap<>();
        ofArchive.forEach(name -> firstOfRemedy.putIfAbsent(CompilerArchive.remedy(name), name));
        boolean alone = remedies.isEmpty() && firstOfRemedy.size() == 1 && ofArchive.size() == sought.size();
        firstOfRemedy.forEach((remedy, name) -> remedies.add((alone ? "" : "for " + name + ", ") + remedy));
        long others = sought.size() - ofRuntime - ofArchive.size();
        if (others > 0) {
            remedies.add((remedies.isEmpty() ? "" : "for the others, ") + imports.remedy(others > 1));
        }
        return String.join("; ", remedies);
    }
}
