package dev.banos.loader.types;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A place in a section's untrusted bytes that moves on with each number read. All reads of the type information go through here:
 * one that would leave the section is refused with the section and the offset.
 */
final class Bytes {
    private static final int LEB_BITS = 7;

    private final String file;
    private final String section;
    private final ByteBuffer buffer;
    private final Budget budget;
    private int at;
    private int end;

    Bytes(ElfObject object, int section, byte[] bytes, Budget budget) {
        this(object.file(), object.sections().label(section), ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), budget,
                0, bytes.length);
    }

    private Bytes(String file, String section, ByteBuffer buffer, Budget budget, int at, int end) {
        this.file = file;
        this.section = section;
        this.buffer = buffer;
        this.budget = budget;
        this.at = at;
        this.end = end;
    }

    /** The same bytes from {@code start} to {@code end}, which counts from the section's beginning too. */
    Bytes range(long start, long limit) {
        if (start < 0 || limit < start || limit > end) {
            throw malformed("a part from " + start + " to " + limit + " reaches beyond its " + end + " bytes");
        }
        return new Bytes(file, section, buffer, budget, (int) start, (int) limit);
    }

    int at() {
        return at;
    }

    int end() {
        return end;
    }

    boolean hasMore() {
        return at < end;
    }

    void moveTo(long offset) {
        if (offset < 0 || offset > end) {
            throw malformed("offset " + offset + " lies beyond its " + end + " bytes");
        }
        at = (int) offset;
    }

    void skip(long bytes) {
        claim(bytes);
    }

    int u8() {
        return buffer.get(claim(Byte.BYTES)) & 0xff;
    }

    int u16() {
        return buffer.getShort(claim(Short.BYTES)) & 0xffff;
    }

    int u24() {
        int low = u16();
        return low | u8() << Short.SIZE;
    }

    int i32() {
        return buffer.getInt(claim(Integer.BYTES));
    }

    long u32() {
        return i32() & 0xffff_ffffL;
    }

    long i64() {
        return buffer.getLong(claim(Long.BYTES));
    }

    long uleb() {
        return leb(false);
    }

    long sleb() {
        return leb(true);
    }

    /** As DWARF 7.6 has it; bits beyond the 64th are dropped. */
    private long leb(boolean signed) {
        long value = 0;
        int shift = 0;
        for (int part = u8(); ; part = u8()) {
            if (shift < Long.SIZE) {
                value |= (long) (part & 0x7f) << shift;
            }
            shift += LEB_BITS;
            if ((part & 0x80) == 0) {
                return signed && shift < Long.SIZE && (part & 0x40) != 0 ? value | -1L << shift : value;
            }
        }
    }

    /** A NUL-terminated string, here. */
    String string() {
        int start = at;
        while (u8() != 0) {
            budget.spend(1);
        }
        budget.keep(at - start);
        return new String(buffer.array(), start, at - 1 - start, StandardCharsets.UTF_8);
    }

    void skipString() {
        while (u8() != 0) {
            budget.spend(1);
        }
    }

    private int claim(long bytes) {
        budget.spend(1);
        if (bytes < 0 || bytes > end - at) {
            throw malformed("it ends within a value");
        }
        int place = at;
        at += (int) bytes;
        return place;
    }

    Refusal malformed(String why) {
        return Refusal.malformed(file, section, -1, "at offset 0x" + Integer.toHexString(at) + ": " + why);
    }

    Refusal unsupported(String why) {
        return Refusal.unsupported(file, section, -1, "at offset 0x" + Integer.toHexString(at) + ": " + why, null);
    }
}
