package dev.banos.loader.link;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A program that another linker made: its bytes by address, and its sections by name. */
record LinkedProgram(byte[] bytes, Map<String, Section> sections) {
    private static final int HEADER_BYTES = 64;
    private static final int SHT_NOBITS = 8;

    record Section(long address, int offset, int size) {
    }

    static LinkedProgram read(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headers = (int) buffer.getLong(40);
        int count = buffer.getShort(60) & 0xffff;
        count = count == 0 ? (int) buffer.getLong(headers + 32) : count;
        int nameTable = buffer.getShort(62) & 0xffff;
        nameTable = nameTable == 0xffff ? buffer.getInt(headers + 40) : nameTable;
        int names = (int) buffer.getLong(headers + nameTable * HEADER_BYTES + 24);
        Map<String, Section> sections = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int header = headers + i * HEADER_BYTES;
            int start = names + buffer.getInt(header);
            int end = start;
            while (bytes[end] != 0) {
                end++;
            }
            if (buffer.getInt(header + 4) != SHT_NOBITS) {
                sections.put(new String(bytes, start, end - start, StandardCharsets.UTF_8), new Section(buffer.getLong(header + 16),
                        (int) buffer.getLong(header + 24), (int) buffer.getLong(header + 32)));
            }
        }
        return new LinkedProgram(bytes, sections);
    }

    /** The section of that name, or null. */
    Section section(String name) {
        return sections.get(name);
    }

    /** Where in the file the byte of the GOT stands that has the address, or -1; other sections may lie across the GOT. */
    int gotOffset(long address) {
        Section got = sections.get(".got");
        boolean inside = got != null && address >= got.address() && address < got.address() + got.size();
        return inside ? (int) (address - got.address()) + got.offset() : -1;
    }
}
