package dev.banos.loader.link;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * An object of no compiler's: code of given bytes, numbers as symbols, and relocations of any type between the two.
 *
 * <pre>
 *     | header | names | symbols | .text | .rela.text | section headers |      .tbss takes no bytes
 * </pre>
 */
final class FieldObject {
    static final int TEXT = 3;
    private static final int THREAD_LOCALS = 5;
    private static final int SECTIONS = 6;
    private static final int ABSOLUTE = 0xfff1;
    private static final int OBJECT_TYPE = 1;
    private static final int TLS_TYPE = 6;
    private static final int HEADER_BYTES = 64;
    private static final int ENTRY_BYTES = 24;
    private static final String NAMES = "\0.names\0.symbols\0.text\0.rela.text\0.tbss\0";

    private final int machine;
    private final byte[] text;
    private final List<long[]> symbols = new ArrayList<>();
    private final List<long[]> relocations = new ArrayList<>();
    private long threadLocalBytes;

    FieldObject(int machine, byte[] text) {
        this.machine = machine;
        this.text = text;
    }

    /** @return the symbol's number */
    int absolute(long value, long size) {
        return symbol(ABSOLUTE, OBJECT_TYPE, value, size);
    }

    int label(long offset) {
        return symbol(TEXT, 0, offset, 0);
    }

    /** A variable at an offset of a block of zeroes, which is as large as the last of these says. */
    int threadLocal(long offset, long blockBytes) {
        threadLocalBytes = blockBytes;
        return symbol(THREAD_LOCALS, TLS_TYPE, offset, 0);
    }

    private int symbol(int section, int type, long value, long size) {
        symbols.add(new long[] {section, type, value, size});
        return symbols.size();
    }

    FieldObject relocation(long offset, int symbol, int type, long addend) {
        relocations.add(new long[] {offset, (long) symbol << 32 | type, addend});
        return this;
    }

    byte[] bytes() {
        StringBuilder names = new StringBuilder(NAMES);
        int symbolTable = HEADER_BYTES + NAMES.length() + symbols.size() * 8 + 7 & -8;
        int code = symbolTable + ENTRY_BYTES * (symbols.size() + 1) + 15 & -16;
        int relocationTable = code + text.length + 7 & -8;
        int headers = relocationTable + ENTRY_BYTES * relocations.size();
        ByteBuffer file = ByteBuffer.allocate(headers + HEADER_BYTES * SECTIONS).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        file.putShort(16, (short) 1).putShort(18, (short) machine).putInt(20, 1).putLong(40, headers);
        file.putShort(52, (short) HEADER_BYTES).putShort(58, (short) HEADER_BYTES).putShort(60, (short) SECTIONS);
        file.putShort(62, (short) 1);
        for (int i = 0; i < symbols.size(); i++) {
            long[] symbol = symbols.get(i);
            int at = symbolTable + ENTRY_BYTES * (i + 1);
            file.putInt(at, names.length()).put(at + 4, (byte) symbol[1]).putShort(at + 6, (short) symbol[0]);
            file.putLong(at + 8, symbol[2]).putLong(at + 16, symbol[3]);
            names.append(String.format("s%06d%c", i + 1, 0));
        }
        file.put(HEADER_BYTES, names.toString().getBytes(StandardCharsets.US_ASCII)).put(code, text);
        for (int i = 0; i < relocations.size(); i++) {
            for (int word = 0; word < 3; word++) {
                file.putLong(relocationTable + ENTRY_BYTES * i + word * Long.BYTES, relocations.get(i)[word]);
            }
        }
        int first = symbols.size() + 1;
        section(file, 1, ".names", 3, 0, HEADER_BYTES, names.length(), 0, 0, 1, 0);
        section(file, 2, ".symbols", 2, 0, symbolTable, ENTRY_BYTES * first, 1, first, 8, ENTRY_BYTES);
        section(file, TEXT, ".text", 1, 6, code, text.length, 0, 0, 16, 0);
        section(file, 4, ".rela.text", 4, 0x40, relocationTable, ENTRY_BYTES * relocations.size(), 2, TEXT, 8, ENTRY_BYTES);
        section(file, THREAD_LOCALS, ".tbss", 8, 0x403, relocationTable, threadLocalBytes, 0, 0, 16, 0);
        return file.array();
    }

    private static void section(ByteBuffer file, int index, String name, int type, int flags, long offset, long size, int link,
            int info, int alignment, int entryBytes) {
        int at = (int) file.getLong(40) + index * HEADER_BYTES;
        file.putInt(at, NAMES.indexOf("\0" + name + "\0") + 1).putInt(at + 4, type).putLong(at + 8, flags);
        file.putLong(at + 24, offset).putLong(at + 32, size).putInt(at + 40, link).putInt(at + 44, info);
        file.putLong(at + 48, alignment).putLong(at + 56, entryBytes);
    }
}
