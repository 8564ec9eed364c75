package dev.banos.loader.types;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The debug sections of a relocatable object with their relocations applied to a copy, each section as if it lay at address 0:
 * offsets from one section into another then read as in a linked program.
 */
final class DwarfSections {
    private static final int RELOCATION_BYTES = 3 * Long.BYTES;
    private static final int R_X86_64_64 = 1;
    private static final int R_X86_64_32 = 10;
    private static final int R_AARCH64_ABS64 = 257;
    private static final int R_AARCH64_ABS32 = 258;
    private static final int R_RISCV_32 = 1;
    private static final int R_RISCV_64 = 2;

    private final ElfObject object;
    private final Budget budget;
    /** By the section that they relocate: an object may have as many as it has sections. */
    private final Map<Integer, List<Integer>> tables = new HashMap<>();

    DwarfSections(ElfObject object) {
        this.object = object;
        SectionTable sections = object.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.type(section) == Elf.SHT_RELA) {
                tables.computeIfAbsent(sections.info(section), target -> new ArrayList<>()).add(section);
            }
        }
        this.budget = new Budget(object.file(), object.bytes().length);
    }

    Budget budget() {
        return budget;
    }

    /** A view from the section's beginning, or null where there is no such section. */
    @Nullable Bytes first(String name) {
        int section = object.sections().find(name);
        return section < 0 || !object.sections().hasBytes(section) ? null : view(section);
    }

    /** Reads the section anew. */
    Bytes view(int section) {
        byte[] contents = object.contents(section);
        budget.section(contents.length);
        relocate(section, contents);
        return new Bytes(object, section, contents, budget);
    }

    private void relocate(int target, byte[] bytes) {
        for (int table : tables.getOrDefault(target, List.of())) {
            apply(table, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
        }
    }

    private void apply(int table, ByteBuffer target) {
        long size = object.sections().size(table);
        if (size % RELOCATION_BYTES != 0) {
            throw malformed(table, -1, "its size " + size + " is no multiple of " + RELOCATION_BYTES);
        }
        ByteBuffer entries = ByteBuffer.wrap(object.bytes(), object.start(table), (int) size).order(ByteOrder.LITTLE_ENDIAN);
        SymbolTable symbols = object.symbols();
        for (int entry = 0; entry < size / RELOCATION_BYTES; entry++) {
            budget.spend(1);
            long offset = entries.getLong();
            long info = entries.getLong();
            long addend = entries.getLong();
            int symbol = (int) (info >>> 32);
            int width = width((int) info);
            if (symbol < 0 || symbol >= symbols.count()) {
                throw malformed(table, entry, "symbol " + (info >>> 32) + " of " + symbols.count());
            }
            if (width != 0) {
                if (offset < 0 || offset > target.capacity() - width) {
                    throw malformed(table, entry, "offset " + Long.toUnsignedString(offset) + " lies outside its section");
                }
                put(target, (int) offset, width, symbols.value(symbol) + addend);
            }
        }
    }

    private static void put(ByteBuffer target, int offset, int width, long value) {
        if (width == Integer.BYTES) {
            target.putInt(offset, (int) value);
        } else {
            target.putLong(offset, value);
        }
    }

    /** Bytes of an absolute address; 0 for relocations of other kinds, which no type depends on. */
    private int width(int type) {
        return switch (object.machine()) {
            case Elf.EM_X86_64 -> type == R_X86_64_64 ? Long.BYTES : type == R_X86_64_32 ? Integer.BYTES : 0;
            case Elf.EM_AARCH64 -> type == R_AARCH64_ABS64 ? Long.BYTES : type == R_AARCH64_ABS32 ? Integer.BYTES : 0;
            case Elf.EM_RISCV -> type == R_RISCV_64 ? Long.BYTES : type == R_RISCV_32 ? Integer.BYTES : 0;
            default -> 0;
        };
    }

    private Refusal malformed(int section, long entry, String why) {
        return Refusal.malformed(object.file(), object.sections().label(section), entry, why);
    }
}
