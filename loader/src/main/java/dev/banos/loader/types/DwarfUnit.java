package dev.banos.loader.types;

import static dev.banos.loader.types.Dwarf.*;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the header of a compilation unit fixes for all of its entries, and how an attribute's value is read: its form says how
 * many bytes it has (DWARF 5, 7.5.5 and 7.5.6).
 */
final class DwarfUnit {
    private static final long DWARF64 = 0xffff_ffffL;
    private static final int OLDEST = 2;
    private static final int NEWEST = 5;

    private final DwarfStrings strings;
    private final Bytes bytes;
    private final long base;
    private final long start;
    private final long abbreviations;
    private final int version;
    private final int offsetBytes;
    private final int addressBytes;
    private final int type;
    private long stringOffsets;
    /** Of a type unit; other units refer to its type by this number. */
    private long signature;
    private long typeOffset;

    /** One attribute's value: a number, a string, the place of another entry, or nothing that types need. */
    static final class Value {
        long number;
        @Nullable String text;
        boolean isReference;
        boolean isSignature;
        boolean isConstant;
        @Nullable Bytes block;
    }

    /**
     * Reads the header at {@code all}'s place, and leaves {@code all} behind the unit.
     *
     * @param base what to add to places in the section, so that they differ from those in other sections of its name
     */
    DwarfUnit(Bytes all, long base, DwarfStrings strings) {
        this.strings = strings;
        this.base = base;
        this.start = base + all.at();
        long length = all.u32();
        boolean wide = length == DWARF64;
        offsetBytes = wide ? Long.BYTES : Integer.BYTES;
        if (wide) {
            length = all.i64();
        }
        if (length < 0 || length > all.end() - all.at()) {
            throw all.malformed("a unit of " + Long.toUnsignedString(length) + " bytes reaches beyond the section");
        }
        bytes = all.range(all.at(), all.at() + length);
        all.skip(length);
        version = bytes.u16();
        if (version < OLDEST || version > NEWEST) {
            throw bytes.unsupported("DWARF of version " + version);
        }
        type = version >= NEWEST ? bytes.u8() : 0;
        if (version >= NEWEST) {
            addressBytes = bytes.u8();
            abbreviations = offset(bytes);
        } else {
            abbreviations = offset(bytes);
            addressBytes = bytes.u8();
        }
        if (addressBytes != Integer.BYTES && addressBytes != Long.BYTES) {
            throw bytes.unsupported("addresses of " + addressBytes + " bytes");
        }
        skipRest();
        stringOffsets = version >= NEWEST ? 2L * offsetBytes : 0;
    }

    private void skipRest() {
        switch (type) {
            case Dwarf.DW_UT_type, Dwarf.DW_UT_split_type -> {
                signature = bytes.i64();
                typeOffset = start + offset(bytes);
            }
            case Dwarf.DW_UT_skeleton, Dwarf.DW_UT_split_compile -> bytes.skip(Long.BYTES);
            default -> { }
        }
    }

    boolean isTypeUnit() {
        return type == Dwarf.DW_UT_type;
    }

    long signature() {
        return signature;
    }

    /** The place of a type unit's own type. */
    long typeOffset() {
        return typeOffset;
    }

    int version() {
        return version;
    }

    Bytes bytes() {
        return bytes;
    }

    long abbreviations() {
        return abbreviations;
    }

    /** Where the unit's own table of string offsets begins; its first entry says so. */
    void stringOffsets(long base) {
        stringOffsets = base;
    }

    private long offset(Bytes in) {
        return offsetBytes == Integer.BYTES ? in.u32() : in.i64();
    }

    /**
     * Reads one value of {@code form} into {@code into}, or past it where {@code wanted} is false.
     *
     * @param implicit the value of DW_FORM_implicit_const, which stands with the abbreviation
     */
    void value(int form, long implicit, boolean wanted, Value into) {
        into.text = null;
        into.block = null;
        into.isReference = false;
        into.isSignature = false;
        into.isConstant = true;
        into.number = 0;
        switch (direct(form)) {
            case DW_FORM_addr -> other(addressBytes);
            case DW_FORM_block2 -> block(bytes.u16(), into);
            case DW_FORM_block4 -> block(bytes.u32(), into);
            case DW_FORM_data2 -> into.number = bytes.u16();
            case DW_FORM_data4 -> into.number = bytes.u32();
            case DW_FORM_data8 -> into.number = bytes.i64();
            case DW_FORM_string -> text(wanted, into);
            case DW_FORM_block, DW_FORM_exprloc -> block(bytes.uleb(), into);
            case DW_FORM_block1 -> block(bytes.u8(), into);
            case DW_FORM_data1, DW_FORM_flag -> into.number = bytes.u8();
            case DW_FORM_sdata -> into.number = bytes.sleb();
            case DW_FORM_strp -> into.text = strings.at(offset(bytes), wanted, false);
            case DW_FORM_udata -> into.number = bytes.uleb();
            case DW_FORM_ref_addr -> reference(base, version <= OLDEST ? address(bytes) : offset(bytes), into);
            case DW_FORM_ref1 -> reference(start, bytes.u8(), into);
            case DW_FORM_ref2 -> reference(start, bytes.u16(), into);
            case DW_FORM_ref4 -> reference(start, bytes.u32(), into);
            case DW_FORM_ref8 -> reference(start, bytes.i64(), into);
            case DW_FORM_ref_udata -> reference(start, bytes.uleb(), into);
            case DW_FORM_sec_offset -> into.number = offset(bytes);
            case DW_FORM_flag_present -> into.number = 1;
            case DW_FORM_strx, DW_FORM_GNU_str_index -> indexed(bytes.uleb(), wanted, into);
            case DW_FORM_addrx, DW_FORM_GNU_addr_index, DW_FORM_loclistx, DW_FORM_rnglistx -> bytes.uleb();
            case DW_FORM_ref_sup4 -> other(Integer.BYTES);
            case DW_FORM_strp_sup, DW_FORM_GNU_ref_alt, DW_FORM_GNU_strp_alt -> other(offsetBytes);
            case DW_FORM_data16 -> other(2 * Long.BYTES);
            case DW_FORM_line_strp -> into.text = strings.at(offset(bytes), wanted, true);
            case DW_FORM_ref_sig8 -> signature(into);
            case DW_FORM_ref_sup8 -> other(Long.BYTES);
            case DW_FORM_implicit_const -> into.number = implicit;
            case DW_FORM_strx1 -> indexed(bytes.u8(), wanted, into);
            case DW_FORM_strx2 -> indexed(bytes.u16(), wanted, into);
            case DW_FORM_strx3 -> indexed(bytes.u24(), wanted, into);
            case DW_FORM_strx4 -> indexed(bytes.u32(), wanted, into);
            case DW_FORM_addrx1 -> bytes.u8();
            case DW_FORM_addrx2 -> bytes.u16();
            case DW_FORM_addrx3 -> bytes.u24();
            case DW_FORM_addrx4 -> bytes.u32();
            default -> throw bytes.unsupported("an attribute of form 0x" + Integer.toHexString(form));
        }
    }

    /** An indirect form stands with the value, and may be indirect in turn. */
    private int direct(int form) {
        int direct = form;
        while (direct == DW_FORM_indirect) {
            direct = (int) bytes.uleb();
        }
        return direct;
    }

    private void other(int size) {
        bytes.skip(size);
    }

    long address(Bytes in) {
        return addressBytes == Integer.BYTES ? in.u32() : in.i64();
    }

    private void text(boolean wanted, Value into) {
        if (wanted) {
            into.text = bytes.string();
        } else {
            bytes.skipString();
        }
    }

    private void block(long length, Value into) {
        if (length < 0 || length > bytes.end() - bytes.at()) {
            throw bytes.malformed("a block of " + Long.toUnsignedString(length) + " bytes reaches beyond its unit");
        }
        into.isConstant = false;
        into.block = bytes.range(bytes.at(), bytes.at() + length);
        bytes.skip(length);
    }

    private static void reference(long base, long offset, Value into) {
        into.isReference = true;
        into.isConstant = false;
        into.number = base + offset;
    }

    private void signature(Value into) {
        into.isSignature = true;
        into.isConstant = false;
        into.number = bytes.i64();
    }

    private void indexed(long index, boolean wanted, Value into) {
        if (wanted) {
            into.text = strings.indexed(stringOffsets, index, offsetBytes);
        }
    }

    /** The abbreviations of one unit, by their codes. */
    static final class Abbreviations {
        /** {@code attributes} holds name, form and implicit constant of each in turn. */
        record Entry(int tag, boolean children, long[] attributes) {
        }

        static final int NAME = 0;
        static final int FORM = 1;
        static final int CONSTANT = 2;
        static final int WIDTH = 3;

        private final Map<Long, Entry> byCode = new HashMap<>();

        Abbreviations(Bytes in, Budget budget) {
            for (long code = in.uleb(); code != 0; code = in.uleb()) {
                int tag = (int) in.uleb();
                boolean children = in.u8() != 0;
                byCode.put(code, new Entry(tag, children, attributes(in)));
                budget.keep(Long.BYTES);
            }
        }

        private static long[] attributes(Bytes in) {
            long[] found = new long[8 * WIDTH];
            int used = 0;
            for (;;) {
                long name = in.uleb();
                long form = in.uleb();
                if (name == 0 && form == 0) {
                    return Arrays.copyOf(found, used);
                }
                if (used == found.length) {
                    found = Arrays.copyOf(found, 2 * used);
                }
                found[used + NAME] = name;
                found[used + FORM] = form;
                found[used + CONSTANT] = form == DW_FORM_implicit_const ? in.sleb() : 0;
                used += WIDTH;
            }
        }

        @Nullable Entry entry(long code) {
            return byCode.get(code);
        }
    }
}
