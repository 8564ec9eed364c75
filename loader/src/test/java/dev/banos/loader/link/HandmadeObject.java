package dev.banos.loader.link;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An object of no compiler's: as many sections and undefined symbols as are wanted, all with names from one string.
 *
 * <pre>
 *     | header | string | 64 bytes for all sections | symbols | section headers |
 * </pre>
 */
final class HandmadeObject {
    private static final int HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int CONTENT_BYTES = 1;
    private static final int X86_64 = 62;
    private static final int R_X86_64_64 = 1;

    private final byte[] names;
    private final List<long[]> sections = new ArrayList<>();
    private final List<Integer> symbols = new ArrayList<>();
    private final List<int[]> empty = new ArrayList<>();
    private int relocations;

    /** @param name the one string, from offset 1 of the table */
    HandmadeObject(String name) {
        this.names = ("\0" + name + "\0").getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Writable sections of one byte each, whose name begins at an offset of the string. */
    HandmadeObject sections(int count, int nameOffset, long alignment) {
        for (int i = 0; i < count; i++) {
            sections.add(new long[] {nameOffset, alignment});
        }
        return this;
    }

    /** Undefined symbols, each with a name that begins {@code step} further into the string. */
    HandmadeObject symbols(int count, int nameOffset, int step) {
        for (int i = 0; i < count; i++) {
            symbols.add(nameOffset + i * step);
        }
        return this;
    }

    /** Sections without a byte that are not allocated, whose name begins at an offset of the string. */
    HandmadeObject emptySections(int count, int nameOffset) {
        empty.add(new int[] {count, nameOffset});
        return this;
    }

    /** An allocated section with a 64-bit address of each of the first symbols. */
    HandmadeObject relocations(int count) {
        relocations = count;
        return this;
    }

    byte[] bytes() {
        int content = HEADER_BYTES + names.length;
        int addresses = content + sections.size() * CONTENT_BYTES;
        int entries = addresses + relocations * Long.BYTES;
        int table = entries + relocations * SYMBOL_BYTES;
        int headers = table + (1 + symbols.size()) * SYMBOL_BYTES;
        int count = sections.size() + 5 + empty.stream().mapToInt(each -> each[0]).sum(); // none, names, symbols, addresses, relocations
        ByteBuffer file = ByteBuffer.allocate(headers + count * HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        file.putShort(16, (short) 1).putShort(18, (short) X86_64).putInt(20, 1).putLong(40, headers);
        file.putShort(52, (short) HEADER_BYTES).putShort(58, (short) HEADER_BYTES).putShort(60, (short) count).putShort(62, (short) 1);
        file.put(HEADER_BYTES, names);
        for (int i = 0; i < symbols.size(); i++) {
            file.putInt(table + (i + 1) * SYMBOL_BYTES, symbols.get(i)).put(table + (i + 1) * SYMBOL_BYTES + 4, (byte) (1 << 4));
        }
        section(file, headers, 1, new long[] {0, 3, 0, HEADER_BYTES, names.length, 0, 1, 0});
        section(file, headers, 2, new long[] {0, 2, 0, table, (1 + symbols.size()) * SYMBOL_BYTES, 1 | 1L << 32, 8, SYMBOL_BYTES});
        for (int i = 0; i < sections.size(); i++) {
            section(file, headers, 5 + i, new long[] {sections.get(i)[0], 1, 3, content + i, CONTENT_BYTES, 0, sections.get(i)[1], 0});
        }
        section(file, headers, 3, new long[] {0, 1, 3, addresses, relocations * Long.BYTES, 0, 8, 0});
        section(file, headers, 4, new long[] {0, 4, 0, entries, relocations * SYMBOL_BYTES, 2 | 3L << 32, 8, SYMBOL_BYTES});
        for (int i = 0; i < relocations; i++) {
            int at = entries + i * SYMBOL_BYTES;
            file.putLong(at, i * Long.BYTES).putLong(at + 8, (1L + i) << 32 | R_X86_64_64);
        }
        int next = 5 + sections.size();
        for (int[] each : empty) {
            for (int i = 0; i < each[0]; i++) {
                section(file, headers, next++, new long[] {each[1], 1, 0, content, 0, 0, 1, 0});
            }
        }
        return file.array();
    }

    /** @param values name, type, flags, offset, size, link and info, alignment, size of an entry */
    private static void section(ByteBuffer file, int headers, int index, long[] values) {
        int at = headers + index * HEADER_BYTES;
        file.putInt(at, (int) values[0]).putInt(at + 4, (int) values[1]).putLong(at + 8, values[2]);
        for (int i = 3; i < values.length; i++) {
            file.putLong(at + 24 + (i - 3) * Long.BYTES, values[i]);
        }
    }
}
