package dev.banos.loader.elf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A relocatable object whose every offset, size, index and name has been checked: whoever holds one needs no further checks
 * to walk it.
 */
public final class ElfObject {
    /** e_shoff in the header. */
    private static final int SECTION_HEADERS = 40;

    private final String file;
    private final byte[] bytes;
    private final int machine;
    private final int flags;
    private final SectionTable sections;
    private final SymbolTable symbols;
    private final List<RelocationTable> relocations;
    private final long @Nullable [] typesBySymbol;
    private final List<SectionGroup> groups;

    ElfObject(String file, byte[] bytes, int machine, int flags, SectionTable sections, SymbolTable symbols,
            List<RelocationTable> relocations, long @Nullable [] typesBySymbol, List<SectionGroup> groups) {
        this.file = file;
        this.bytes = bytes;
        this.machine = machine;
        this.flags = flags;
        this.sections = sections;
        this.symbols = symbols;
        this.relocations = relocations;
        this.typesBySymbol = typesBySymbol;
        this.groups = groups;
    }

    /** What messages call it: a path, or {@code libfoo.a(member.o)}. */
    public String file() {
        return file;
    }

    public byte[] bytes() {
        return bytes;
    }

    /** e_machine. */
    public int machine() {
        return machine;
    }

    /** e_flags. */
    public int flags() {
        return flags;
    }

    public SectionTable sections() {
        return sections;
    }

    public SymbolTable symbols() {
        return symbols;
    }

    /** Those of sections that occupy memory; the others, of debug information, are not read. */
    public List<RelocationTable> relocations() {
        return relocations;
    }

    /**
     * Of each symbol, the types of all relocations against it, a bit each; null where some are
     * {@linkplain RelocationTable#hasHighTypes too high} for that, or where what was read has been changed.
     */
    public long @Nullable [] typesBySymbol() {
        for (RelocationTable table : relocations) {
            if (table.hasHighTypes()) {
                return null;
            }
        }
        return typesBySymbol;
    }

    public List<SectionGroup> groups() {
        return groups;
    }

    /** The same object with other bytes in its sections and other relocations. */
    public ElfObject with(byte[] changed, List<RelocationTable> tables) {
        return new ElfObject(file, changed, machine, flags, sections, symbols, tables, null, groups);
    }

    /** The relocations of {@code section}, or null. */
    public @Nullable RelocationTable relocationsOf(int section) {
        for (RelocationTable table : relocations) {
            if (table.target() == section) {
                return table;
            }
        }
        return null;
    }

    /** Where the bytes of {@code section} begin in {@link #bytes}; they are its {@link #contents} if it is not compressed. */
    public int start(int section) {
        return (int) sections.offset(section);
    }

    /**
     * What the section holds, expanded where the compiler compressed it, as it may do with debug information; a new array.
     *
     * @throws Refusal if the section has no bytes, or is compressed and damaged, or compressed other than with zlib
     */
    public byte[] contents(int section) {
        if (!sections.hasBytes(section)) {
            throw Refusal.malformed(file, sections.label(section), -1, "the section has no bytes in the file");
        }
        int start = start(section);
        return sections.isCompressed(section) ? CompressedSection.expand(this, section)
                : Arrays.copyOfRange(bytes, start, start + (int) sections.size(section));
    }

    /** Writes sh_addr of {@code section} into a copy of {@link #bytes}. */
    public void putAddress(byte[] copy, int section, long address) {
        ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(header(section) + SectionTable.ADDRESS, address);
    }

    /** Writes sh_flags of {@code section} into a copy of {@link #bytes}. */
    public void putFlags(byte[] copy, int section, long flags) {
        ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putLong(header(section) + SectionTable.FLAGS, flags);
    }

    private int header(int section) {
        return (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(SECTION_HEADERS)
                + section * SectionTable.HEADER_BYTES;
    }

    /** The NUL-terminated string at {@code offset} of {@code section}, or null where there is none. */
    public @Nullable String string(int section, long offset) {
        long size = sections.size(section);
        if (section <= 0 || !sections.hasBytes(section) || sections.isCompressed(section) || offset < 0 || offset >= size) {
            return null;
        }
        int from = (int) (sections.offset(section) + offset);
        int end = (int) (sections.offset(section) + size);
        for (int to = from; to < end; to++) {
            if (bytes[to] == 0) {
                return new String(bytes, from, to - from, StandardCharsets.UTF_8);
            }
        }
        return null;
    }
}
