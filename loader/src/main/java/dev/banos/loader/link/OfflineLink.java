package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One object linked for a given address on any architecture that the linker knows; nothing is mapped or run. */
public final class OfflineLink {
    private final LinkedObject object;
    private final Layout layout;
    private final Image image;
    private final MemorySegment bytes;
    private final Map<String, Long> imports;
    private final Map<String, Long> threadLocalImports;

    /** A part of the module that has a name: a section, a common symbol. */
    public record Part(int index, String name, long address, long size) {
    }

    /** A GOT entry or a stub: where it is, whose it is, and the address that it holds or leads to. */
    public record Slot(long address, String symbol, long value) {
    }

    /** Relocations that were not applied. */
    public record Skipped(String section, long count, String reason) {
    }

    private OfflineLink(LinkedObject object, Layout layout, Image image, MemorySegment bytes, Map<String, Long> imports,
            Map<String, Long> threadLocalImports) {
        this.object = object;
        this.layout = layout;
        this.image = image;
        this.bytes = bytes;
        this.imports = imports;
        this.threadLocalImports = threadLocalImports;
    }

    /**
     * @param base        a multiple of the page size
     * @param phonyImports whether a missing symbol gets an address behind the module, 16 bytes for each
     */
    public static OfflineLink link(ElfObject parsed, long base, Imports given, boolean phonyImports) {
        return link(parsed, base, given, phonyImports, null);
    }

    /** @param memory where the image goes; null for an array of its own */
    public static OfflineLink link(ElfObject parsed, long base, Imports given, boolean phonyImports,
            @Nullable SegmentAllocator memory) {
        Architecture architecture = Check.machine(parsed, parsed.machine());
        if (parsed.symbols().isSlimLto()) {
            throw Refusal.linkTimeCode(parsed.file());
        }
        ElfObject elf = architecture.prepared(parsed, true);
        LinkedObject object = new LinkedObject(elf);
        Check.object(object, architecture);
        List<LinkedObject> objects = List.of(object);
        Map<String, Combine.Definition> definitions = Combine.objects(objects);
        Layout own = Place.objects(objects, definitions, architecture, false);
        Outside outside = new Outside(given, elf.symbols(), own, base, phonyImports, architecture);
        requireRoom(elf, base, outside.bytes());
        Layout layout = outside.layout();
        Resolve.objects(objects, definitions, layout, base, base, outside, null);
        Map<String, Long> imports = outside.used;
        for (int symbol : elf.symbols().undefined()) {
            if (elf.symbols().isNamed(symbol, Resolve.DSO_HANDLE)) {
                imports.put(Resolve.DSO_HANDLE, object.address[symbol]); // other linkers choose another address for it
            }
        }
        MemorySegment bytes = memory == null ? null : allocated(memory, layout.bytes, elf.file());
        Image image;
        if (bytes == null) {
            image = Relocate.inHeap(object, layout, base);
            bytes = MemorySegment.ofArray(image.bytes());
        } else {
            image = Image.in(bytes, base);
            Relocate.fill(image, object);
        }
        // As in a program without shared libraries, whose block of thread-local variables has the number 1.
        Relocate.fixups(objects, architecture, layout, image, false, 1, architecture.tlsDistance(layout.tlsSize, layout.tlsAlignment));
        return new OfflineLink(object, layout, image, bytes, imports, outside.threadLocals);
    }

    private static void requireRoom(ElfObject elf, long base, long bytes) {
        if (Long.compareUnsigned(base, -bytes) > 0) {
            throw new Refusal(Refusal.EINVAL, elf.file(), null, -1, "its " + bytes + " bytes reach beyond the end of the address space"
                    + " from 0x" + Long.toHexString(base) + " on", "link it for an address that is no larger than 0x"
                    + Long.toHexString(-bytes & -Architecture.PAGE_BYTES));
        }
    }

    private static MemorySegment allocated(SegmentAllocator memory, int bytes, String file) {
        try {
            return memory.allocate(bytes, 1).asSlice(0, bytes);
        } catch (IndexOutOfBoundsException noRoom) {
            throw new IllegalArgumentException("memory=" + memory + " has no room for the " + bytes + " bytes of the image of " + file,
                    noRoom);
        }
    }

    /** What is given, and made-up addresses for the other undefined symbols that are not weak. */
    private static final class Outside implements Imports {
        private static final int BYTES = 16;
        private final Imports given;
        private final Layout own;
        private final Architecture architecture;
        private final Map<String, Long> phony = new HashMap<>();
        private final Map<String, Long> used = new LinkedHashMap<>();
        private final Map<String, Long> threadLocals = new LinkedHashMap<>();

        Outside(Imports given, SymbolTable symbols, Layout own, long base, boolean phonyImports, Architecture architecture) {
            this.architecture = architecture;
            this.given = given;
            this.own = own;
            for (int symbol : phonyImports ? symbols.undefined() : new int[0]) {
                if (symbols.isNamed(symbol, Resolve.TLS_BLOCK)) {
                    continue;
                }
                if (symbols.type(symbol) == Elf.STT_TLS) {
                    threadLocals.put(symbols.name(symbol), (long) firstThreadLocal() + threadLocals.size() * BYTES);
                } else if (!symbols.isWeak(symbol)) {
                    phony.put(symbols.name(symbol), base + own.size + phony.size() * BYTES);
                }
            }
        }

        @Override
        public String remedy(boolean several) {
            return "say where " + (several ? "they are" : "it is") + " with OfflineLinker.define, or take phonyImports; banos link"
                    + " has --define NAME=ADDR and --phony-imports";
        }

        /** Of the image, and of the addresses behind it that were made up. */
        long bytes() {
            return own.size + (long) phony.size() * BYTES;
        }

        private int firstThreadLocal() {
            return own.tlsSize + BYTES - 1 & -BYTES;
        }

        /** Thread-local variables of others are laid out behind those of the object. */
        Layout layout() {
            return threadLocals.isEmpty() ? own : own.withThreadLocals(firstThreadLocal() + threadLocals.size() * BYTES,
                    Math.max(BYTES, own.tlsAlignment));
        }

        @Override
        public long find(String name) {
            long address = given.find(name);
            boolean isGiven = address != 0 || given.isAtZero(name);
            long found = isGiven ? address : phony.getOrDefault(name, 0L);
            if (isGiven || found != 0) {
                used.put(name, found);
            }
            return found;
        }

        @Override
        public boolean isAtZero(String name) {
            return given.isAtZero(name);
        }

        @Override
        public long threadLocalBlock() {
            Layout layout = layout();
            return architecture.tlsBlockSymbol(layout.tlsSize, layout.tlsAlignment);
        }

        @Override
        public long findThreadLocalOffset(String name) {
            return threadLocals.getOrDefault(name, -1L);
        }
    }

    /** The bytes of the file's sections in place; the module's size may be larger, and the rest is zero. */
    public MemorySegment segment() {
        return bytes;
    }

    /** A copy of them. */
    public byte[] bytes() {
        return bytes.toArray(ValueLayout.JAVA_BYTE);
    }

    public long size() {
        return layout.size;
    }

    public Map<String, Long> imports() {
        return imports;
    }

    /** Made-up places of thread-local variables that the object does not define, as offsets in the block. */
    public Map<String, Long> threadLocalImports() {
        return threadLocalImports;
    }

    public List<Part> sections() {
        SectionTable sections = object.elf.sections();
        List<Part> parts = new ArrayList<>();
        for (int section = 1; section < sections.count(); section++) {
            if (object.isPlaced(section)) {
                parts.add(new Part(section, sections.name(section), image.address(object.sectionOffset[section]),
                        sections.size(section)));
            }
        }
        return parts;
    }

    /** The sections of thread-local variables; the address is an offset in the module's block. */
    public List<Part> threadLocals() {
        SectionTable sections = object.elf.sections();
        List<Part> parts = new ArrayList<>();
        for (int section = 1; section < sections.count(); section++) {
            if (object.isThreadLocal(section)) {
                parts.add(new Part(section, sections.name(section), object.tlsOffset[section], sections.size(section)));
            }
        }
        return parts;
    }

    public List<Part> commons() {
        SymbolTable symbols = object.elf.symbols();
        List<Part> parts = new ArrayList<>();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (symbols.section(symbol) == Elf.SHN_COMMON) {
                parts.add(new Part(symbol, symbols.name(symbol), object.address[symbol], symbols.size(symbol)));
            }
        }
        return parts;
    }

    /** What the object defines for others: where a caller enters. Thread-local variables and commons stand elsewhere. */
    public List<Part> symbols() {
        SymbolTable symbols = object.elf.symbols();
        List<Part> parts = new ArrayList<>();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (object.isPlaced(symbols.section(symbol)) && symbols.type(symbol) != Elf.STT_TLS) {
                parts.add(new Part(symbol, symbols.name(symbol), Resolve.definedAddress(object, symbol, image.base()),
                        symbols.size(symbol)));
            }
        }
        return parts;
    }

    public List<Slot> got() {
        return slots(FixupKind.Need.GOT | FixupKind.Need.STUB, object.gotOffset);
    }

    public List<Slot> stubs() {
        return slots(FixupKind.Need.STUB, object.stubOffset);
    }

    private List<Slot> slots(int needs, int[] offsets) {
        List<Slot> slots = new ArrayList<>();
        for (int symbol = 0; symbol < object.needs.length; symbol++) {
            if ((object.needs[symbol] & needs) != 0) {
                long value = Resolve.isIndirect(object.elf.symbols(), symbol)
                        ? Resolve.definedAddress(object, symbol, image.base()) : object.address[symbol];
                slots.add(new Slot(image.address(offsets[symbol]), Relocate.describe(object, symbol), value));
            }
        }
        return slots;
    }

    /** Those of debug information and the like, which have no address. */
    public List<Skipped> skipped() {
        SectionTable sections = object.elf.sections();
        List<Skipped> skipped = new ArrayList<>();
        for (int section = 1; section < sections.count(); section++) {
            boolean relocations = sections.type(section) == Elf.SHT_RELA || sections.type(section) == Elf.SHT_REL;
            if (relocations && !sections.isAllocated(sections.info(section)) && sections.entrySize(section) > 0) {
                skipped.add(new Skipped(sections.name(section), sections.size(section) / sections.entrySize(section),
                        "they change " + sections.name(sections.info(section)) + ", which occupies no memory"));
            }
        }
        return skipped;
    }
}
