package dev.banos.fuzz.objects;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Changes an object's relocations where each linker must follow: the addends of whole addresses. */
final class RelocationTables {
    private static final int SECTION_HEADERS = 40;
    private static final int SECTION_COUNT = 60;
    private static final int HEADER_BYTES = 64;
    private static final int SHT_RELA = 4;
    private static final int RELA_BYTES = 24;
    private static final int R_X86_64_64 = 1;

    private RelocationTables() {
    }

    /** How many addends were moved by up to 8 bytes; debug and unwind tables hold none that {@code observe()} sees. */
    static int moveAddends(byte[] object, RandomGenerator random) {
        ByteBuffer buffer = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> entries = entries(buffer);
        for (int entry : entries) {
            buffer.putLong(entry + 16, buffer.getLong(entry + 16) + random.nextInt(1, 9));
        }
        return entries.size();
    }

    /** Where the file's relocations of that type stand that are for pointers in data. */
    private static List<Integer> entries(ByteBuffer buffer) {
        List<Integer> entries = new ArrayList<>();
        int headers = (int) buffer.getLong(SECTION_HEADERS);
        for (int section = 0; section < buffer.getShort(SECTION_COUNT); section++) {
            int header = headers + section * HEADER_BYTES;
            boolean isTable = buffer.getInt(header + 4) == SHT_RELA; // elsewhere the word means something else
            if (isTable && isData(buffer, headers + buffer.getInt(header + 44) * HEADER_BYTES)) {
                int start = (int) buffer.getLong(header + 24);
                for (int at = start; at < start + buffer.getLong(header + 32); at += RELA_BYTES) {
                    if (buffer.getInt(at + 8) == R_X86_64_64) {
                        entries.add(at);
                    }
                }
            }
        }
        return entries;
    }

    /** Written and allocated. */
    private static boolean isData(ByteBuffer buffer, int header) {
        return (buffer.getLong(header + 8) & 3) == 3;
    }
}
