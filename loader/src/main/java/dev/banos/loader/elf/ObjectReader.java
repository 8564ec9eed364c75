package dev.banos.loader.elf;

import static dev.banos.loader.elf.Elf.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns untrusted bytes into an {@link ElfObject}, or refuses them with the place and the cause. This is the only class that
 * computes with numbers of the file before they are checked; each comparison is written so that it cannot overflow.
 *
 * <pre>
 *     header ─► section headers ─► their names ─► symbols ─► relocations
 *                                                        └─► groups
 * </pre>
 * Tables are copied in bulk into arrays of longs, those of relocations by pieces. Measured in a JVM just started, where all
 * this is interpreted, the bulk copy costs nothing next to reading field by field through any kind of accessor. For the same
 * reason a message is put together only once a check has failed.
 */
public final class ObjectReader {
    private static final int HEADER_BYTES = 64;
    private static final int LLVM_BITCODE = 0xdec04342; // 'B' 'C' c0 de, little-endian
    /** How far a linker script is looked for its commands. */
    private static final int SCRIPT_BYTES = 4096;
    private static final int MAGIC = 0x464c457f; // 7f 'E' 'L' 'F', little-endian
    /** Enough for any cache line or huge structure; the census of Debian's objects ends at 32,768. */
    private static final long LARGEST_ALIGNMENT = 1L << 24;
    /** How many times the file's bytes all names together may be, as names may share their ends and be given twice. */
    public static final long NAMES_PER_BYTE = 8;
    /** What a byte of a name beyond ASCII counts: decoding takes five bytes for each that stands for no character. */
    private static final long BEYOND_ASCII = 4;

    private final byte[] bytes;
    private final String file;
    private final ByteBuffer buffer;
    @SuppressWarnings("NullAway.Init") // by readSections, before all else
    private SectionTable sections;
    private long[] typesBySymbol = {};
    private long tableBytes;
    private long nameBytes;

    private ObjectReader(byte[] bytes, String file) {
        this.bytes = bytes;
        this.file = file;
        this.buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * @param file what messages call the object
     * @throws Refusal if the bytes are not a well-formed ELF-64 little-endian relocatable object
     */
    public static ElfObject read(byte[] bytes, String file) {
        return new ObjectReader(bytes, file).object();
    }

    /** What a name takes of {@link #NAMES_PER_BYTE}. */
    public static long cost(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= StringTable.FIRST_BEYOND_ASCII) {
                return BEYOND_ASCII * name.length();
            }
        }
        return name.length();
    }

    private ElfObject object() {
        checkHeader();
        readSections();
        int symbolSection = onlySection(SHT_SYMTAB);
        SymbolTable symbols = symbolSection < 0 ? noSymbols() : symbols(symbolSection);
        List<RelocationTable> relocations = relocations(symbolSection, symbols);
        List<SectionGroup> groups = groups(symbolSection, symbols);
        return new ElfObject(file, bytes, machine(), buffer.getInt(48), sections, symbols, relocations,
                typesBySymbol, groups);
    }

    private int machine() {
        return buffer.getShort(18) & 0xffff;
    }

    private void checkHeader() {
        if (bytes.length >= 4 && buffer.getInt(0) == LLVM_BITCODE) {
            throw Refusal.linkTimeCode(file);
        }
        if (Archive.isArchive(bytes)) {
            throw Refusal.unsupported(file, null, -1, "an archive, where one object is wanted", "ar x takes its members out");
        }
        if (!(bytes.length >= 4 && buffer.getInt(0) == MAGIC)) {
            throw malformed(bytes.length == 0 ? "the file is empty" : isLinkerScript()
                    ? "not an ELF file but a linker script, which is text; name the archives and objects that it lists"
                    : "not an ELF file; compile with cc -c");
        }
        if (!(bytes.length >= HEADER_BYTES)) {
            throw malformed("truncated: " + bytes.length + " bytes, an ELF header has " + HEADER_BYTES);
        }
        if (bytes[4] != ELFCLASS64) {
            throw malformed("not a 64-bit object: EI_CLASS is " + bytes[4] + "; compile without -m32");
        }
        if (bytes[5] != ELFDATA2LSB) {
            throw malformed("not a little-endian object: EI_DATA is " + bytes[5] + "; compile for x86-64, aarch64 or riscv64");
        }
        require(bytes[6] == EV_CURRENT && buffer.getInt(20) == EV_CURRENT, "unknown ELF version");
        int type = buffer.getShort(16) & 0xffff;
        if (type != ET_REL) {
            throw malformed("not a relocatable object but " + what(type) + ": e_type is " + type + "; compile with cc -c");
        }
        int headerSize = buffer.getShort(52) & 0xffff;
        if (headerSize != HEADER_BYTES) {
            throw malformed("e_ehsize is " + headerSize + ", not " + HEADER_BYTES);
        }
        int entrySize = buffer.getShort(58) & 0xffff;
        if (entrySize != SectionTable.HEADER_BYTES) {
            throw malformed("e_shentsize is " + entrySize + ", not " + SectionTable.HEADER_BYTES);
        }
    }

    /** Debian's libm.a is one: {@code GROUP ( /usr/lib/.../libm-2.41.a ... )}. */
    private boolean isLinkerScript() {
        String start = new String(bytes, 0, Math.min(bytes.length, SCRIPT_BYTES), StandardCharsets.ISO_8859_1);
        return Pattern.compile("^\\s*(GROUP|INPUT)\\s*\\(", Pattern.MULTILINE).matcher(start).find();
    }

    private static String what(int type) {
        return switch (type) {
            case ET_EXEC -> "a program";
            case ET_DYN -> "a shared library or a program";
            default -> "a file of another kind";
        };
    }

    private void readSections() {
        long offset = buffer.getLong(40);
        requireRange(offset, SectionTable.HEADER_BYTES, "the section headers");
        SectionTable first = new SectionTable(longs(offset, SectionTable.HEADER_BYTES));
        // gABI, extended section numbering: what does not fit the header stands in section 0.
        int few = buffer.getShort(60) & 0xffff;
        long count = few != 0 ? few : first.size(0);
        if (!(count >= 1 && count <= bytes.length / SectionTable.HEADER_BYTES)) {
            throw malformed("truncated: " + count + " section headers do not fit the file");
        }
        requireRange(offset, count * SectionTable.HEADER_BYTES, "the section headers");
        sections = new SectionTable(longs(offset, count * SectionTable.HEADER_BYTES));
        int names = buffer.getShort(62) & 0xffff;
        nameSections(names == SHN_XINDEX ? first.link(0) : names); // before the others are checked, so that messages name them
        for (int section = 1; section < count; section++) {
            checkSection(section);
        }
    }

    private void checkSection(int section) {
        int type = sections.type(section);
        if (type == SHT_NULL) {
            return;
        }
        long size = sections.size(section);
        long offset = sections.offset(section);
        if (type == SHT_NOBITS) {
            if (!(size >= 0)) {
                throw malformed(section, -1, "size " + Long.toUnsignedString(size) + " is beyond any memory");
            }
        } else {
            if (!(offset >= 0 && size >= 0 && size <= bytes.length && offset <= bytes.length - size)) {
                throw malformed(section, -1, "truncated: offset " + Long.toUnsignedString(offset) + " and size "
                        + Long.toUnsignedString(size) + " reach beyond the file's " + bytes.length + " bytes");
            }
        }
        if (sections.isCompressed(section) && (type != SHT_PROGBITS && type < SHT_LOOS || sections.isAllocated(section))) {
            throw malformed(section, -1, "a section that occupies memory, or that the format itself needs, cannot be compressed");
        }
        long alignment = sections.alignment(section);
        if (!(Long.bitCount(alignment) == 1 && alignment <= LARGEST_ALIGNMENT && alignment > 0)) {
            throw malformed(section, -1, "alignment " + Long.toUnsignedString(alignment) + " is no power of two up to "
                    + LARGEST_ALIGNMENT);
        }
    }

    private void nameSections(int section) {
        StringTable names = strings(section, "e_shstrndx");
        for (int i = 0; i < sections.count(); i++) {
            requireSection(names.contains(sections.nameOffset(i)), i, "its name lies outside the table of names");
            count(names, sections.nameOffset(i), section, i);
        }
        sections.names(names);
    }

    private StringTable strings(int section, String whose) {
        if (!(section > 0 && section < sections.count())) {
            throw malformed(whose + " names section " + Integer.toUnsignedString(section) + " of " + sections.count());
        }
        if (sections.type(section) != SHT_STRTAB) {
            throw malformed(section, -1, "not a string table, though " + whose + " says so");
        }
        checkSection(section);
        int start = (int) sections.offset(section);
        int size = (int) sections.size(section);
        requireSection(size == 0 || bytes[start + size - 1] == 0, section, "the string table does not end with NUL");
        return new StringTable(bytes, start, size);
    }

    /** Names are kept as strings: a small file of many that all end in one long name would cost any amount of memory. */
    private void count(StringTable names, int name, int section, int entry) {
        int length = names.length(name);
        nameBytes += names.isAscii(name, length) ? length : BEYOND_ASCII * length;
        if (nameBytes > NAMES_PER_BYTE * bytes.length) {
            throw malformed(section, entry, "the names up to this one are longer together than " + NAMES_PER_BYTE
                    + " times the file");
        }
    }

    private int onlySection(int type) {
        int found = -1;
        for (int section = 1; section < sections.count(); section++) {
            if (sections.type(section) == type) {
                requireSection(found < 0, section, "a second table of its kind; the format allows one");
                found = section;
            }
        }
        return found;
    }

    private SymbolTable noSymbols() {
        return new SymbolTable(new long[SymbolTable.WORDS], 1, new StringTable(bytes, 0, 0), null);
    }

    private SymbolTable symbols(int section) {
        long count = entries(section, SymbolTable.ENTRY_BYTES);
        requireSection(count >= 1, section, "the symbol table is empty; it has at least the undefined symbol");
        int firstGlobal = sections.info(section);
        if (!(firstGlobal >= 1 && firstGlobal <= count)) {
            throw malformed(section, -1, "sh_info puts the first global symbol at "
                    + Integer.toUnsignedString(firstGlobal) + " of " + count);
        }
        StringTable names = strings(sections.link(section), "the symbol table's sh_link");
        long[] words = longs(sections.offset(section), sections.size(section));
        SymbolTable symbols = new SymbolTable(words, firstGlobal, names, extendedSections(count));
        checkSymbols(symbols, words, names, section);
        return symbols;
    }

    /**
     * Of most symbols, one look at their first long tells that they are in order. An element of an array costs a first load a
     * tenth of what the table's methods do, by which the others are checked.
     */
    private void checkSymbols(SymbolTable symbols, long[] words, StringTable names, int table) {
        int firstGlobal = symbols.firstGlobal();
        long namesSize = names.size();
        int sectionsEnd = Math.min(sections.count(), SHN_LORESERVE);
        boolean eachByItself = hasInactive() || !names.areShorterThan((NAMES_PER_BYTE * bytes.length - nameBytes)
                / BEYOND_ASCII / symbols.count());
        for (int symbol = 0; symbol < symbols.count(); symbol++) {
            long first = words[symbol * SymbolTable.WORDS];
            int section = (int) (first >>> 48);
            if (section == SHN_X86_64_LCOMMON && machine() == EM_X86_64) {
                section = SHN_COMMON & 0xffff;
                words[symbol * SymbolTable.WORDS] = first & 0xffff_ffff_ffffL | (long) section << 48;
            }
            boolean isLocal = (first >>> 36 & 0xf) == STB_LOCAL;
            long type = first >>> 32 & 0xf;
            if (eachByItself || isLocal == symbol >= firstGlobal || section >= sectionsEnd || (first & 0xffff_ffffL) >= namesSize
                    || type == STT_TLS) {
                checkSymbol(symbols, names, table, symbol);
            }
            if (section == SHN_UNDEF || section >= SHN_LORESERVE || type == STT_GNU_IFUNC) {
                symbols.note(symbol);
            }
        }
    }

    private boolean hasInactive() {
        for (int section = 1; section < sections.count(); section++) {
            if (sections.type(section) == SHT_NULL) {
                return true;
            }
        }
        return false;
    }

    private int @Nullable [] extendedSections(long symbolCount) {
        int section = onlySection(SHT_SYMTAB_SHNDX);
        if (section < 0) {
            return null;
        }
        if (!(sections.size(section) == symbolCount * Integer.BYTES)) {
            throw malformed(section, -1, "it has not one entry for each of the " + symbolCount + " symbols");
        }
        int[] indices = new int[(int) symbolCount];
        buffer.slice((int) sections.offset(section), (int) sections.size(section)).order(ByteOrder.LITTLE_ENDIAN)
                .asIntBuffer().get(indices);
        return indices;
    }

    private void checkSymbol(SymbolTable symbols, StringTable names, int table, int symbol) {
        if (!names.contains(symbols.nameOffset(symbol))) {
            throw malformed(table, symbol, "the symbol's name lies outside the string table");
        }
        if (symbol >= symbols.firstGlobal()) {
            count(names, symbols.nameOffset(symbol), table, symbol);
        }
        int section = symbols.section(symbol);
        if (section >= sections.count() || section < 0 && section != SHN_ABS && section != SHN_COMMON) {
            throw malformed(table, symbol, "the symbol is in section " + section + " of " + sections.count());
        }
        if (section > 0 && sections.type(section) == SHT_NULL) {
            throw malformed(table, symbol, "the symbol is in section " + section + ", which is inactive");
        }
        if (symbol >= symbols.firstGlobal() == (symbols.binding(symbol) == STB_LOCAL)) {
            throw malformed(table, symbol, "local symbols stand before global ones; sh_info is " + symbols.firstGlobal());
        }
        if (section == SHN_COMMON) {
            checkCommon(symbols, table, symbol);
        }
        if (symbols.type(symbol) == STT_TLS) {
            checkThreadLocal(symbols, table, symbol);
        }
    }

    /** What code takes for a distance in the threads' blocks would be an address. */
    private void checkThreadLocal(SymbolTable symbols, int table, int symbol) {
        int section = symbols.section(symbol);
        if (section == SHN_COMMON) {
            throw Refusal.unsupported(file, sections.label(table), symbol, "common symbol " + symbols.name(symbol) + " is thread-local",
                    "compile with -fno-common, or in assembly define it in .tbss");
        }
        if (section != SHN_UNDEF && (section < 0 || !sections.isTls(section))) {
            throw malformed(table, symbol, "thread-local symbol " + symbols.name(symbol) + " is in "
                    + (section < 0 ? "no section" : sections.label(section) + ", which is not thread-local"));
        }
    }

    /** A common symbol's value is its alignment. */
    private void checkCommon(SymbolTable symbols, int table, int symbol) {
        long alignment = symbols.value(symbol);
        if (alignment < 0 || alignment > LARGEST_ALIGNMENT || Long.bitCount(alignment) > 1 || symbols.size(symbol) < 0) {
            throw malformed(table, symbol, "common symbol " + symbols.name(symbol) + " has size "
                    + Long.toUnsignedString(symbols.size(symbol)) + " and alignment " + Long.toUnsignedString(alignment));
        }
    }

    private List<RelocationTable> relocations(int symbolSection, SymbolTable symbols) {
        List<RelocationTable> tables = new ArrayList<>();
        typesBySymbol = new long[symbols.count()];
        for (int section = 1; section < sections.count(); section++) {
            int type = sections.type(section);
            if (type == SHT_CREL) {
                throw Refusal.unsupported(file, sections.label(section), -1, "its relocations are in the compact form CREL",
                        "compile without -Wa,--crel");
            }
            if (type == SHT_RELR) {
                throw malformed(section, -1, "a table of relative relocations (RELR), which only finished programs and libraries have");
            }
            if (type != SHT_RELA && type != SHT_REL) {
                continue;
            }
            int target = sections.info(section);
            if (!(target > 0 && target < sections.count())) {
                throw malformed(section, -1, "it relocates section " + Integer.toUnsignedString(target) + " of "
                        + sections.count());
            }
            if (sections.isAllocated(target)) {
                requireSection(type == SHT_RELA, section, "relocations without addends are not part of this machine's ABI");
                requireSection(sections.link(section) == symbolSection, section, "sh_link is not the symbol table");
                tables.add(relocations(section, target));
            }
        }
        return tables;
    }

    private RelocationTable relocations(int section, int target) {
        entries(section, RelocationTable.ENTRY_BYTES);
        LongBuffer words = longBuffer(sections.offset(section), sections.size(section));
        if (!(words.capacity() == 0 || sections.hasBytes(target))) {
            boolean debugAlone = (sections.flags(target) & Elf.SHF_EXECINSTR) != 0;
            throw new Refusal(Refusal.ENOEXEC, file, sections.label(section), -1, "it relocates " + sections.label(target)
                    + ", which has no bytes in the file", debugAlone ? "if this is what objcopy --only-keep-debug made, take the object"
                    + " that it is of" : null);
        }
        long[] chunk = RelocationTable.newChunk(words);
        RelocationTable.Census census = new RelocationTable.Census();
        int count;
        for (int from = 0; (count = RelocationTable.chunk(words, from, chunk)) > 0; from += count) {
            checkRelocations(section, target, chunk, count, from / RelocationTable.WORDS, census);
        }
        return new RelocationTable(section, target, words, census);
    }

    /** Notes besides what spares the linker a look at each entry: which types there are, of which symbol, and how far they go. */
    private void checkRelocations(int section, int target, long[] words, int end, int firstEntry, RelocationTable.Census census) {
        long limit = sections.size(target);
        long[] asked = typesBySymbol;
        long types = 0;
        long numbers = 0;
        long farthest = census.farthest;
        for (int i = 0; i < end; i += RelocationTable.WORDS) {
            long offset = words[i];
            long info = words[i + 1];
            int symbol = (int) (info >>> 32);
            if (offset < 0 || offset >= limit || symbol < 0 || symbol >= asked.length) {
                throw misplaced(section, target, firstEntry + i / RelocationTable.WORDS, offset, info >>> 32);
            }
            if (offset > farthest) {
                farthest = offset;
            }
            long type = 1L << info;
            asked[symbol] |= type;
            types |= type;
            numbers |= info;
        }
        census.add(types, (int) numbers, farthest);
    }

    private Refusal misplaced(int section, int target, int entry, long offset, long symbol) {
        long limit = sections.size(target);
        return malformed(section, entry, offset < 0 || offset >= limit ? "offset " + Long.toUnsignedString(offset)
                + " lies outside section " + sections.label(target) + " of " + limit + " bytes"
                : "symbol " + symbol + " of " + typesBySymbol.length);
    }

    private List<SectionGroup> groups(int symbolSection, SymbolTable symbols) {
        List<SectionGroup> groups = new ArrayList<>();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.type(section) == SHT_GROUP) {
                groups.add(group(section, symbolSection, symbols));
            }
        }
        return groups;
    }

    private SectionGroup group(int section, int symbolSection, SymbolTable symbols) {
        requireSection(sections.link(section) == symbolSection, section, "sh_link is not the symbol table");
        int signature = sections.info(section);
        if (!(signature > 0 && signature < symbols.count())) {
            throw malformed(section, -1, "its signature is symbol " + Integer.toUnsignedString(signature) + " of "
                    + symbols.count());
        }
        long count = entries(section, Integer.BYTES);
        requireSection(count >= 1, section, "the group has no flags");
        int start = (int) sections.offset(section);
        int[] members = new int[(int) count - 1];
        for (int i = 0; i < members.length; i++) {
            members[i] = buffer.getInt(start + (i + 1) * Integer.BYTES);
            if (members[i] <= 0 || members[i] >= sections.count()) {
                throw malformed(section, i, "section " + Integer.toUnsignedString(members[i]) + " of " + sections.count());
            }
        }
        return new SectionGroup(section, signatureName(signature, symbols), buffer.getInt(start) == GRP_COMDAT, members);
    }

    /** A section symbol has no name of its own: older assemblers sign a group with one, and mean the section's name. */
    private String signatureName(int symbol, SymbolTable symbols) {
        boolean isSection = symbols.type(symbol) == STT_SECTION && symbols.section(symbol) > 0;
        return isSection ? sections.name(symbols.section(symbol)) : symbols.name(symbol);
    }

    private long entries(int section, int entryBytes) {
        requireSection(sections.hasBytes(section), section, "the table has no bytes in the file");
        long entrySize = sections.entrySize(section);
        if (entrySize != entryBytes) {
            throw malformed(section, -1, "sh_entsize is " + Long.toUnsignedString(entrySize) + ", not " + entryBytes);
        }
        if (!(sections.size(section) % entryBytes == 0)) {
            throw malformed(section, -1, "its size " + sections.size(section) + " is no multiple of " + entryBytes);
        }
        tableBytes += sections.size(section);
        if (tableBytes > bytes.length) {
            // Otherwise a small file whose headers all name the same bytes would cost any amount of memory.
            throw malformed(section, -1, "its bytes are shared with another table");
        }
        return sections.size(section) / entryBytes;
    }

    private long[] longs(long offset, long size) {
        long[] words = new long[(int) (size / Long.BYTES)];
        longBuffer(offset, size).get(words);
        return words;
    }

    private LongBuffer longBuffer(long offset, long size) {
        return buffer.slice((int) offset, (int) size).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer();
    }

    private void requireRange(long offset, long size, String what) {
        if (!(offset >= 0 && offset <= bytes.length && size <= bytes.length - offset)) {
            throw malformed("truncated: " + what + " reach beyond the file's " + bytes.length + " bytes");
        }
    }

    private void require(boolean holds, String why) {
        if (!holds) {
            throw malformed(why);
        }
    }

    private void requireSection(boolean holds, int section, String why) {
        if (!holds) {
            throw malformed(section, -1, why);
        }
    }

    private Refusal malformed(String why) {
        return Refusal.malformed(file, null, -1, why);
    }

    private Refusal malformed(int section, long entry, String why) {
        return Refusal.malformed(file, sections.label(section), entry, why);
    }
}
