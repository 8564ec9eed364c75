package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Phase 2: gives every section, stub, GOT entry and common symbol its offset in the module. See {@link Layout}. */
final class Place {
    /** The largest module: half of what a signed 32-bit distance spans, so that the rest of the neighbourhood has room. */
    static final long LARGEST_MODULE = 1L << 30;
    /** What alignments may leave empty in a module: otherwise a small file would cost any amount of memory. */
    static final long LARGEST_PADDING = 1L << 26;
    static final String EH_FRAME = ".eh_frame";
    /** A length of zero ends a table of unwind information. */
    private static final int EH_FRAME_END = Integer.BYTES;
    private static final int GOT_ENTRY_BYTES = Long.BYTES;
    /** A distance and two pairs, whichever of them are used: few symbols have any. */
    static final int TLS_ENTRIES = 5;

    private enum Region {
        CODE, CONSTANTS, DATA, ZEROES
    }

    private final List<LinkedObject> objects;
    private final Architecture architecture;
    private final Map<String, Combine.Definition> definitions;
    private final boolean copyStreams;
    /** By the names that are C identifiers. */
    private final Map<String, Region> sharedRegions;
    private long cursor;
    private long padding;
    private long alignment = Architecture.PAGE_BYTES;

    private Place(List<LinkedObject> objects, Map<String, Combine.Definition> definitions, Architecture architecture,
            boolean copyStreams) {
        this.objects = objects;
        this.definitions = definitions;
        this.architecture = architecture;
        this.copyStreams = copyStreams;
        this.sharedRegions = sharedRegions();
    }

    /**
     * @param definitions what {@link Combine} decided
     * @param copyStreams whether the module gets copies of libc's streams
     */
    static Layout objects(List<LinkedObject> objects, Map<String, Combine.Definition> definitions, Architecture architecture,
            boolean copyStreams) {
        return new Place(objects, definitions, architecture, copyStreams).layout();
    }

    private Layout layout() {
        sections(Region.CODE);
        int stubs = stubs();
        int constants = page();
        sections(Region.CONSTANTS);
        int got = got();
        int gotBytes = (int) cursor - got;
        int data = page();
        sections(Region.DATA);
        int bytes = (int) cursor;
        sections(Region.ZEROES);
        for (LinkedObject object : objects) {
            commons(object);
        }
        int size = Math.max(page(), Architecture.PAGE_BYTES);
        int moduleAlignment = (int) alignment;
        cursor = 0;
        alignment = 1;
        threadLocals(true);
        int tlsBytes = (int) cursor;
        threadLocals(false);
        return new Layout(stubs, constants, got, gotBytes, data, bytes, size, moduleAlignment, tlsBytes, (int) cursor,
                (int) alignment);
    }

    /** The block of thread-local variables is laid out by itself: first what has initial values, then what is zero. */
    private void threadLocals(boolean initialised) {
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            for (int section = 1; section < sections.count(); section++) {
                if (sections.isTls(section) && sections.isAllocated(section) && !object.isDropped(section)
                        && sections.hasBytes(section) == initialised) {
                    object.tlsOffset[section] = take(object, sections.size(section), sections.alignment(section));
                }
            }
        }
    }

    private void sections(Region region) {
        Map<String, List<Piece>> gathered = new LinkedHashMap<>();
        for (int number = 0; number < objects.size(); number++) {
            LinkedObject object = objects.get(number);
            SectionTable sections = object.elf.sections();
            for (int section = 1; section < sections.count(); section++) {
                if (!isWanted(object, section)) {
                    continue;
                }
                Region shared = sharedRegions.get(sections.name(section));
                if ((shared == null ? regionOf(sections, section) : shared) == region) {
                    if (shared != null) {
                        gathered.computeIfAbsent(sections.name(section), name -> new ArrayList<>())
                                .add(piece(object, number, section));
                    } else {
                        place(object, section);
                    }
                }
            }
        }
        for (List<Piece> pieces : gathered.values()) {
            inOrderOfWhatTheySpeakOf(pieces);
            take(null, 0, largestAlignment(pieces)); // what lies between them is then the same as in any linked program
            for (Piece piece : pieces) {
                place(piece.object(), piece.section());
            }
        }
    }

    /**
     * Sections whose name is a C identifier lie side by side: programs walk them from {@code __start_} to {@code __stop_}. For the
     * order, where the section lies that this one is bound to: its region, whether it is one of these itself, the object, and its number.
     */
    private record Piece(LinkedObject object, int section, Region region, boolean gathered, int number, int bound)
            implements Comparable<Piece> {
        @Override
        public int compareTo(Piece other) {
            int order = region.compareTo(other.region);
            order = order != 0 ? order : Boolean.compare(gathered, other.gathered);
            order = order != 0 ? order : Integer.compare(number, other.number);
            return order != 0 ? order : Integer.compare(bound, other.bound);
        }
    }

    /** @param number of the object */
    private Piece piece(LinkedObject object, int number, int section) {
        int bound = boundTo(object, section);
        if (bound == 0) {
            return new Piece(object, section, Region.ZEROES, true, Integer.MAX_VALUE, 0);
        }
        SectionTable sections = object.elf.sections();
        Region shared = sharedRegions.get(sections.name(bound));
        return new Piece(object, section, shared == null ? regionOf(sections, bound) : shared, shared != null, number, bound);
    }

    /** The section that another one goes with, or 0. */
    private static int boundTo(LinkedObject object, int section) {
        SectionTable sections = object.elf.sections();
        int bound = (sections.flags(section) & Elf.SHF_LINK_ORDER) == 0 ? 0 : sections.link(section);
        return bound > 0 && bound < sections.count() && isWanted(object, bound) ? bound : 0;
    }

    /** The generic ABI on SHF_LINK_ORDER. Those that are bound to nothing come last, and all others of one place as in the files. */
    private static void inOrderOfWhatTheySpeakOf(List<Piece> pieces) {
        for (Piece piece : pieces) {
            if (boundTo(piece.object(), piece.section()) != 0) {
                pieces.sort(null);
                return;
            }
        }
    }

    /** The one region for all sections of a name that is a C identifier: what lies between other regions is not theirs. */
    private Map<String, Region> sharedRegions() {
        Map<String, Region> regions = new HashMap<>();
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            for (int section = 1; section < sections.count(); section++) {
                if (isWanted(object, section) && isIdentifier(sections.name(section))) {
                    Region own = regionOf(sections, section);
                    Region other = regions.put(sections.name(section), own);
                    if (other != null && other != own) {
                        regions.put(sections.name(section), shared(object, section, own, other));
                    }
                }
            }
        }
        return regions;
    }

    private static Region shared(LinkedObject object, int section, Region one, Region other) {
        if (one != Region.CODE && other != Region.CODE) {
            return Region.DATA;
        }
        if (one != Region.CONSTANTS && other != Region.CONSTANTS) {
            throw object.unsupported(section, -1, "other sections of its name are " + (one == Region.CODE ? "data" : "code"),
                    "no page may be writable and executable: give them two names");
        }
        return Region.CODE;
    }

    private static boolean isWanted(LinkedObject object, int section) {
        SectionTable sections = object.elf.sections();
        return sections.isAllocated(section) && sections.type(section) != Elf.SHT_NULL && !object.isDropped(section)
                && !sections.isTls(section);
    }

    private static boolean isIdentifier(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c != '_' && (i == 0 ? !Character.isLetter(c) : !Character.isLetterOrDigit(c))) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    private static long largestAlignment(List<Piece> pieces) {
        long largest = 1;
        for (Piece piece : pieces) {
            largest = Math.max(largest, piece.object().elf.sections().alignment(piece.section()));
        }
        return largest;
    }

    private void place(LinkedObject object, int section) {
        SectionTable sections = object.elf.sections();
        object.sectionOffset[section] = take(object, sections.size(section), sections.alignment(section));
        if (sections.name(section).equals(EH_FRAME)) {
            take(object, EH_FRAME_END, 1);
        }
    }

    private static Region regionOf(SectionTable sections, int section) {
        long flags = sections.flags(section);
        if ((flags & Elf.SHF_EXECINSTR) != 0) {
            return Region.CODE;
        }
        if (sections.type(section) == Elf.SHT_NOBITS) {
            return Region.ZEROES;
        }
        return (flags & Elf.SHF_WRITE) == 0 || isConstantOnceLinked(sections, section) ? Region.CONSTANTS : Region.DATA;
    }

    private static boolean isConstantOnceLinked(SectionTable sections, int section) {
        return switch (sections.type(section)) {
            case Elf.SHT_INIT_ARRAY, Elf.SHT_FINI_ARRAY, Elf.SHT_PREINIT_ARRAY -> true;
            default -> sections.name(section).startsWith(".data.rel.ro");
        };
    }

    private int stubs() {
        int start = take(null, 0, architecture.stubBytes());
        for (LinkedObject object : objects) {
            for (int symbol = 0; symbol < object.needs.length; symbol++) { // symbol 0, too: a call may name an address alone
                if ((object.needs[symbol] & FixupKind.Need.STUB) != 0) {
                    object.stubOffset[symbol] = take(object, architecture.stubBytes(), 1);
                }
            }
        }
        return start;
    }

    private int got() {
        int start = take(null, 0, GOT_ENTRY_BYTES);
        for (LinkedObject object : objects) {
            for (int symbol = 0; symbol < object.needs.length; symbol++) {
                if ((object.needs[symbol] & (FixupKind.Need.GOT | FixupKind.Need.STUB)) != 0) {
                    object.gotOffset[symbol] = take(object, object.gotBytes(symbol), 1);
                }
                if ((object.needs[symbol] & FixupKind.Need.TLS_ENTRIES) != 0) {
                    object.tlsEntries[symbol] = take(object, TLS_ENTRIES * GOT_ENTRY_BYTES, 1);
                }
            }
        }
        return start;
    }

    private void commons(LinkedObject object) {
        SymbolTable symbols = object.elf.symbols();
        boolean any = copyStreams || symbols.hasCommons();
        for (int symbol = symbols.firstGlobal(); any && symbol < symbols.count(); symbol++) {
            int section = symbols.section(symbol);
            if (section == Elf.SHN_COMMON && isChosen(object, symbol)) {
                object.commonOffset(symbol, take(object, symbols.size(symbol), commonAlignment(object, symbol)));
            } else if (copyStreams && section == Elf.SHN_UNDEF && StreamCopy.isStream(symbols.name(symbol))) {
                object.commonOffset(symbol, take(object, StreamCopy.BYTES, StreamCopy.BYTES));
            }
        }
    }

    /** Of the common symbols of one name, the largest gets memory, unless an ordinary symbol has the name. */
    private boolean isChosen(LinkedObject object, int symbol) {
        Combine.Definition definition = definitions.get(object.elf.symbols().name(symbol));
        return definition == null || definition.object() == object && definition.symbol() == symbol;
    }

    /** The largest that any object wants for the name. */
    private long commonAlignment(LinkedObject object, int symbol) {
        SymbolTable symbols = object.elf.symbols();
        Combine.Definition definition = definitions.get(symbols.name(symbol));
        return Math.max(1, definition == null ? symbols.value(symbol) : definition.alignment());
    }

    private int take(@Nullable LinkedObject object, long size, long sizeAlignment) {
        long start = cursor + sizeAlignment - 1 & -sizeAlignment;
        padding += start - cursor;
        if (padding > LARGEST_PADDING) {
            throw Refusal.unsupported(object == null ? "the module" : object.elf.file(), null, -1,
                    "its alignments leave more than " + (LARGEST_PADDING >> 20) + " MiB empty", "align fewer sections so far");
        }
        if (size > LARGEST_MODULE - start) {
            throw Refusal.unsupported(object == null ? "the module" : object.elf.file(), null, -1,
                    "it takes more than " + (LARGEST_MODULE >> 20) + " MiB of memory", "allocate large tables at run time");
        }
        alignment = Math.max(alignment, sizeAlignment);
        cursor = start + size;
        return (int) start;
    }

    private int page() {
        return take(null, 0, Architecture.PAGE_BYTES);
    }
}
