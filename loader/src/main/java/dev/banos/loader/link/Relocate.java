package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Phase 4: fills the image with the sections' bytes, the GOT and the stubs, and applies every fixup. A value that does not
 * fit its field is refused; only calls may go through a stub instead, because a stub in place of data would be read as data.
 * Fixups that only one processor has are applied by {@link ProcessorFixups}.
 */
final class Relocate {
    /** Offsets in a symbol's entries for thread-local variables. */
    static final int TLS_DISTANCE = 0;
    static final int TLS_PAIR = TLS_DISTANCE + Long.BYTES;
    private static final int TLS_MODULE_PAIR = TLS_PAIR + 2 * Long.BYTES;

    private final Architecture architecture;
    private final Layout layout;
    private final Image image;
    private final boolean relaxImports;
    private final long tlsModule;
    private final long tlsDistance;
    private long minuend;
    private @Nullable ProcessorFixups processorFixups;

    private Relocate(Architecture architecture, Layout layout, Image image, boolean relaxImports, long tlsModule,
            long tlsDistance) {
        this.architecture = architecture;
        this.layout = layout;
        this.image = image;
        this.relaxImports = relaxImports;
        this.tlsModule = tlsModule;
        this.tlsDistance = tlsDistance;
    }

    /**
     * @param relaxImports whether loads of imported addresses may become computations of them, as those of the module's own
     *                     do; linkers of programs, with which offline results are compared, leave them
     * @param tlsModule    the number of the module's block of thread-local variables
     * @param tlsDistance  from the thread pointer to the block
     */
    static void objects(List<LinkedObject> objects, Architecture architecture, Layout layout, Image image,
            boolean relaxImports, long tlsModule, long tlsDistance) {
        for (LinkedObject object : objects) {
            copySections(object, image, 0);
        }
        fixups(objects, architecture, layout, image, relaxImports, tlsModule, tlsDistance);
    }

    /** An image in the heap, with the object's sections in place. */
    static Image inHeap(LinkedObject object, Layout layout, long base) {
        SectionTable sections = object.elf.sections();
        int largest = 0;
        for (int section = 1; section < sections.count(); section++) {
            boolean copied = object.isPlaced(section) && sections.hasBytes(section);
            largest = copied && (largest == 0 || sections.size(section) > sections.size(largest)) ? section : largest;
        }
        Image image = largest == 0 ? Image.inHeap(layout.bytes, base) : Image.inHeap(layout.bytes, base, object.elf.bytes(),
                object.elf.start(largest), (int) sections.size(largest), object.sectionOffset[largest]);
        copySections(object, image, largest);
        return image;
    }

    /** Fills an image that has anything in it: with the object's sections, and with zeroes where none lies. */
    static void fill(Image image, LinkedObject object) {
        SectionTable sections = object.elf.sections();
        long[] placed = new long[sections.count()]; // by their offsets
        int count = 0;
        for (int section = 1; section < sections.count(); section++) {
            if (object.isPlaced(section) && sections.hasBytes(section)) {
                placed[count++] = (long) object.sectionOffset[section] << Integer.SIZE | section;
            }
        }
        Arrays.sort(placed, 0, count);
        int end = 0;
        for (int i = 0; i < count; i++) {
            int at = (int) (placed[i] >>> Integer.SIZE);
            int section = (int) placed[i];
            int size = (int) sections.size(section);
            image.zero(end, at);
            image.copy(object.elf.bytes(), object.elf.start(section), at, size);
            end = at + size;
        }
        image.zero(end, image.size());
    }

    /** As {@link #objects}, of sections that are in place. */
    static void fixups(List<LinkedObject> objects, Architecture architecture, Layout layout, Image image, boolean relaxImports,
            long tlsModule, long tlsDistance) {
        Relocate relocate = new Relocate(architecture, layout, image, relaxImports, tlsModule, tlsDistance);
        for (LinkedObject object : objects) {
            relocate.fillGot(object);
            relocate.fillThreadLocalEntries(object);
            for (RelocationTable table : object.relocations) {
                if (object.isPlaced(table.target())) {
                    relocate.apply(object, table, object.sectionOffset[table.target()]);
                }
            }
        }
    }

    /** The initial values of the thread-local variables; nothing in them depends on where a thread's block lies. */
    static byte[] threadLocals(List<LinkedObject> objects, Architecture architecture, Layout layout) {
        Image block = Image.inHeap(layout.tlsBytes, 0);
        Relocate relocate = new Relocate(architecture, layout, block, false, 0, 0);
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            for (int section = 1; section < sections.count(); section++) {
                if (object.isThreadLocal(section) && sections.hasBytes(section)) {
                    block.copy(object.elf.bytes(), object.elf.start(section), object.tlsOffset[section],
                            (int) sections.size(section));
                }
            }
            for (RelocationTable table : object.relocations) {
                if (object.isThreadLocal(table.target())) {
                    relocate.apply(object, table, object.tlsOffset[table.target()]);
                }
            }
        }
        return block.bytes();
    }

    private void fillThreadLocalEntries(LinkedObject object) {
        boolean any = layout.tlsSize > 0 || object.tlsImports != null;
        for (int symbol = 0; any && symbol < object.needs.length; symbol++) {
            if ((object.needs[symbol] & FixupKind.Need.TLS_ENTRIES) != 0) {
                int entries = object.tlsEntries[symbol];
                long[] elsewhere = object.tlsImports == null ? null : object.tlsImports[symbol];
                image.put64(entries + TLS_DISTANCE, tlsDistance + object.address[symbol]);
                image.put64(entries + TLS_PAIR, elsewhere == null ? tlsModule : elsewhere[0]);
                image.put64(entries + TLS_PAIR + Long.BYTES,
                        (elsewhere == null ? object.address[symbol] : elsewhere[1]) - architecture.tlsPairBias());
                image.put64(entries + TLS_MODULE_PAIR, tlsModule);
            }
        }
    }

    /** @param inPlace a section that is there already, or 0 */
    private static void copySections(LinkedObject object, Image image, int inPlace) {
        SectionTable sections = object.elf.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (object.isPlaced(section) && sections.hasBytes(section) && section != inPlace) {
                image.copy(object.elf.bytes(), object.elf.start(section), object.sectionOffset[section],
                        (int) sections.size(section));
            }
        }
    }

    private void fillGot(LinkedObject object) {
        for (int symbol = 0; symbol < object.needs.length; symbol++) {
            int needs = object.needs[symbol];
            if ((needs & (FixupKind.Need.GOT | FixupKind.Need.STUB)) != 0) {
                image.put64(object.gotOffset[symbol], object.address[symbol]);
                if ((needs & FixupKind.Need.STUB) != 0) {
                    fillStub(object, symbol);
                }
            }
        }
    }

    private void fillStub(LinkedObject object, int symbol) {
        int entry = object.stubEntry(symbol);
        int stub = object.stubOffset[symbol];
        if (Resolve.isIndirect(object.elf.symbols(), symbol)) {
            image.put64(entry, Resolve.definedAddress(object, symbol, image.base()));
        }
        architecture.writeStub(image, stub, entry - stub);
    }

    private void apply(LinkedObject object, RelocationTable table, int start) {
        long[] chunk = table.newChunk();
        int count;
        for (int from = 0; (count = table.chunk(from, chunk)) > 0; from += count) {
            apply(object, table, start, chunk, count, from / RelocationTable.WORDS);
        }
    }

    private void apply(LinkedObject object, RelocationTable table, int start, long[] words, int end, int firstEntry) {
        FixupKind[] kinds = architecture.kinds();
        long[] address = object.address;
        int first = applyPlain(words, 0, end, address, start);
        for (int i = first; i < end; i = applyPlain(words, i + RelocationTable.WORDS, end, address, start)) {
            FixupKind kind = kinds[(int) words[i + 1]];
            int symbol = (int) (words[i + 1] >>> 32);
            int at = start + (int) words[i];
            long target = address[symbol] + words[i + 2];
            boolean fits = switch (kind) {
                case NONE -> true;
                case DELTA64 -> put64(at, target - image.address(at));
                case ABS32 -> putUnsigned32(at, target);
                case ABS32S -> putSigned32(at, target);
                case DELTA32 -> false; // a plain one, that does not fit
                case BRANCH32 -> viaStub(object, table, symbol, at, words[i + 2]);
                case GOT_DELTA32 -> putSigned32(at, object.gotOffset[symbol] - at + words[i + 2]);
                case GOT_DELTA32_RELAXABLE, GOT_DELTA32_REX_RELAXABLE ->
                    load(object, symbol, start, at, words[i + 2], kind == FixupKind.GOT_DELTA32_REX_RELAXABLE);
                default -> applyRare(object, kind, symbol, at, words[i + 2]);
            };
            if (!fits) {
                throw misfit(object, table, firstEntry + i / RelocationTable.WORDS, kind);
            }
        }
    }

    /**
     * The loop that a load spends its time in: fixups that most relocations mean, as long as they fit. It calls nothing that the
     * compiler does not inline, so what the image and the arrays need checked is checked once, in front of it.
     *
     * @return the index of the first word of the first relocation from {@code from} on that is none of these, or the end
     */
    private int applyPlain(long[] words, int from, int end, long[] address, int start) {
        byte[] plain = architecture.plain();
        long base = image.base();
        int i = from;
        for (; i < end; i += RelocationTable.WORDS) {
            int what = plain[(int) words[i + 1]];
            int at = start + (int) words[i];
            long target = address[(int) (words[i + 1] >>> 32)] + words[i + 2];
            long delta = target - base - at;
            if (what == Architecture.PLAIN_DELTA32 && delta == (int) delta) {
                image.put32(at, (int) delta);
            } else if (what == Architecture.PLAIN_ABS64) {
                image.put64(at, target);
            } else if (what == Architecture.PLAIN_ABS32S && target == (int) target) {
                image.put32(at, (int) target);
            } else {
                break;
            }
        }
        return i;
    }

    private boolean applyRare(LinkedObject object, FixupKind kind, int symbol, int at, long addend) {
        long target = object.address[symbol] + addend;
        long size = object.elf.symbols().size(symbol) + addend;
        long gotEntry = object.gotOffset[symbol] + addend;
        long gotBase = image.address(layout.got);
        return switch (kind) {
            case ABS16 -> put16(at, target, 0xffff);
            case ABS8 -> put8(at, target, 0xff);
            case DELTA16 -> put16(at, target - image.address(at), Short.MAX_VALUE);
            case DELTA8 -> put8(at, target - image.address(at), Byte.MAX_VALUE);
            case GOT_DELTA64 -> put64(at, gotEntry - at);
            case GOT_OFFSET32 -> putSigned32(at, gotEntry - layout.got);
            case GOT_OFFSET64 -> put64(at, gotEntry - layout.got);
            case GOT_BASE_DELTA32 -> putSigned32(at, layout.got + addend - at);
            case GOT_BASE_DELTA64 -> put64(at, layout.got + addend - at);
            case FROM_GOT64 -> put64(at, target - gotBase);
            case STUB_FROM_GOT64 -> put64(at, object.stubOffset[symbol] + addend - layout.got);
            case SIZE32 -> putUnsigned32(at, size);
            case SIZE64 -> put64(at, size);
            case TLS_DISTANCE32 -> putSigned32(at, tlsDistance + target);
            case TLS_DISTANCE64 -> put64(at, tlsDistance + target);
            case TLS_DISTANCE_GOT_DELTA32 -> putSigned32(at, object.tlsEntries[symbol] + TLS_DISTANCE + addend - at);
            case TLS_PAIR_DELTA32 -> putSigned32(at, object.tlsEntries[symbol] + TLS_PAIR + addend - at);
            case TLS_MODULE_PAIR_DELTA32 -> putSigned32(at, object.tlsEntries[symbol] + TLS_MODULE_PAIR + addend - at);
            case TLS_OFFSET32 -> putSigned32(at, target);
            case TLS_OFFSET64 -> put64(at, target);
            case ABS32_EITHER -> putEither32(at, target);
            case DELTA32_EITHER -> putEither32(at, target - image.address(at));
            case DELTA16_EITHER -> put16(at, target - image.address(at), 0xffff);
            case ADD8, ADD16, ADD32, ADD64 -> add(kind.width, at, target);
            case SUB8, SUB16, SUB32, SUB64 -> add(kind.width, at, -target);
            case SET8, SET16, SET32 -> put(kind.width, at, target);
            case SUB6 -> put6(at, image.get8(at) - target);
            case SET6 -> put6(at, target);
            case SET_ULEB128 -> keepMinuend(target);
            case SUB_ULEB128 -> putUleb128(at, minuend - target);
            default -> ofProcessor(kind).apply(object, kind, symbol, at, addend);
        };
    }

    /** Made for the first of them: x86-64 has none. */
    private ProcessorFixups ofProcessor(FixupKind kind) {
        if (processorFixups == null) {
            processorFixups = kind.compareTo(FixupKind.RV_HIGH20) < 0 ? new A64Fixups(image, layout, tlsDistance)
                    : new RvFixups(image, tlsDistance);
        }
        return processorFixups;
    }

    /** A field of data counts from where its table begins, so any addend may be right there; a call leads to the function. */
    private boolean viaStub(LinkedObject object, RelocationTable table, int symbol, int at, long addend) {
        boolean call = (object.elf.sections().flags(table.target()) & Elf.SHF_EXECINSTR) != 0;
        return putSigned32(at, object.stubOffset[symbol] + addend - at) && (!call || addend == architecture.callAddend());
    }

    /** A load of the symbol's address: from the GOT, or computed in place where the instruction allows it. */
    private boolean load(LinkedObject object, int symbol, int sectionStart, int at, long addend, boolean rex) {
        // Another addend than -4 reads part of an entry, or an instruction with an operand behind the field.
        return addend == -4 && mayRelax(object, symbol) && architecture.relax(image, sectionStart, at, object.address[symbol], rex)
                || putSigned32(at, object.gotOffset[symbol] - at + addend);
    }

    private boolean mayRelax(LinkedObject object, int symbol) {
        int section = object.elf.symbols().section(symbol);
        return relaxImports || section != Elf.SHN_UNDEF && section != Elf.SHN_ABS || object.bounds.get(symbol);
    }

    private boolean put64(int at, long value) {
        image.put64(at, value);
        return true;
    }

    private boolean putSigned32(int at, long value) {
        image.put32(at, (int) value);
        return value == (int) value;
    }

    private boolean putUnsigned32(int at, long value) {
        image.put32(at, (int) value);
        return value >>> 32 == 0;
    }

    private boolean putEither32(int at, long value) {
        image.put32(at, (int) value);
        return value == (int) value || value >>> 32 == 0;
    }

    private boolean put16(int at, long value, int largest) {
        image.put16(at, (int) value);
        return value >= Short.MIN_VALUE && value <= largest;
    }

    private boolean put8(int at, long value, int largest) {
        image.put8(at, (int) value);
        return value >= Byte.MIN_VALUE && value <= largest;
    }

    private boolean put(int width, int at, long value) {
        switch (width) {
            case Byte.BYTES -> image.put8(at, (int) value);
            case Short.BYTES -> image.put16(at, (int) value);
            case Integer.BYTES -> image.put32(at, (int) value);
            default -> image.put64(at, value);
        }
        return true;
    }

    private boolean add(int width, int at, long value) {
        return put(width, at, value + switch (width) {
            case Byte.BYTES -> image.get8(at);
            case Short.BYTES -> image.get16(at);
            case Integer.BYTES -> image.get32(at);
            default -> image.get64(at);
        });
    }

    private boolean put6(int at, long value) {
        image.put8(at, image.get8(at) & 0xc0 | (int) value & 0x3f);
        return true;
    }

    private boolean keepMinuend(long value) {
        minuend = value;
        return true;
    }

    /** Seven bits a byte; the highest bit of each byte says whether another follows, and stays. */
    private boolean putUleb128(int first, long value) {
        long rest = value;
        int at = first;
        for (boolean more = true; more && at < image.size(); at++) { // another field may lie across the last byte
            int old = image.get8(at);
            more = (old & 0x80) != 0;
            image.put8(at, old & 0x80 | (int) rest & 0x7f);
            rest >>>= 7;
        }
        return rest == 0;
    }

    private Refusal misfit(LinkedObject object, RelocationTable table, int entry, FixupKind kind) {
        return new Misfit(object, table, entry, kind, architecture).refusal(image, tlsDistance);
    }

    static String describe(LinkedObject object, int symbol) {
        SymbolTable symbols = object.elf.symbols();
        String name = symbols.name(symbol);
        if (!name.isEmpty() || symbols.section(symbol) <= 0) {
            return name.isEmpty() ? "no symbol" : name;
        }
        return object.elf.sections().name(symbols.section(symbol));
    }
}
