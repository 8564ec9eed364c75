package dev.banos.loader.types;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The storage of bit-fields, which no layout has: integers that cover the bits, each named after the fields that begin in it,
 * {@code "a|b"}. Where the declared type's own unit fits between the neighbours it is used, as the System V ABI places bit-fields;
 * otherwise the widest that do.
 */
final class BitFields {
    /** On x86-64, in bytes (System V ABI, 3.2.3). */
    private static final long LARGEST_IN_REGISTERS = 16;
    /** So many integers one by one; more are a sequence, for damaged types have gaps as long as they like. */
    private static final long MOST_SINGLE = LARGEST_IN_REGISTERS;

    private BitFields() {
    }

    /**
     * @param end   bytes that are filled already
     * @param limit where the next member begins, or the struct ends
     * @return bytes that are filled now
     */
    static long add(List<MemoryLayout> into, List<Type.Member> fields, long end, long limit, Layouts layouts) {
        long filled = end;
        for (int i = 0; i < fields.size(); i++) {
            Type.Member field = fields.get(i);
            long from = field.start() / Byte.SIZE;
            long behind = (field.start() + field.bits() + Byte.SIZE - 1) / Byte.SIZE;
            if (field.start() < 0 || field.bits() < 0 || behind > limit) {
                throw layouts.malformed("bit-field " + field.name() + " lies beyond its struct or in the next member");
            }
            while (behind > filled) {
                long start = Math.max(from, filled);
                long unit = Math.min(Long.BYTES, layouts.nested(field.type()).byteSize());
                long aligned = unit == 0 ? start : start - start % unit;
                if (aligned >= filled && aligned + unit <= limit && unit != 0) {
                    start = aligned;
                } else {
                    unit = widest(start, behind);
                }
                Layouts.pad(into, start - filled);
                filled = start + unit;
                into.add(integer(unit).withName(names(fields, start, filled)));
            }
        }
        return filled;
    }

    /** What the declared types ask of their struct, in bytes; 1 where it has none, or is packed. */
    static long alignment(List<Type.Member> members, long size, Layouts layouts) {
        long alignment = 1;
        for (Type.Member member : members) {
            if (member.bits() != 0) {
                alignment = Math.max(alignment, unit(member, layouts));
            }
        }
        return size % alignment == 0 ? alignment : 1;
    }

    /** Bytes of the declared type: 1, 2, 4 or 8. */
    private static long unit(Type.Member field, Layouts layouts) {
        return Math.clamp(Long.highestOneBit(layouts.nested(field.type()).byteSize()), 1, Long.BYTES);
    }

    /**
     * Java takes no padding but what an alignment asks for, so what unnamed bit-fields leave between members becomes integers, where
     * that changes nothing of how the struct travels: it goes by the stack anyway, or stands in one register with an integer that is there.
     */
    static void fill(List<MemoryLayout> fields, List<Type.Member> members, long size, long alignment, Layouts layouts) {
        long end = 0;
        for (int i = 0; i < fields.size(); i++) {
            MemoryLayout next = i + 1 < fields.size() ? fields.get(i + 1) : null;
            long padding = fields.get(i) instanceof PaddingLayout ? fields.get(i).byteSize() : 0;
            if (padding == 0 || padding < (next == null ? alignment : next.byteAlignment())) {
                end += fields.get(i).byteSize();
                continue;
            }
            long behind = end + padding;
            long limit = size > LARGEST_IN_REGISTERS || isAmongIntegers(i == 0 ? null : fields.get(i - 1), next, end, behind)
                    ? behind : Math.min(behind, unitEnd(members, end, layouts));
            fields.remove(i);
            i = fill(fields, i, end, limit, alignment);
            if (limit < behind) {
                fields.add(i, MemoryLayout.paddingLayout(behind - limit));
            } else {
                i--;
            }
            end = behind;
        }
    }

    private static boolean isAmongIntegers(@Nullable MemoryLayout before, @Nullable MemoryLayout next, long start, long end) {
        return isInteger(before) && (next == null ? (start - 1) / Long.BYTES == (end - 1) / Long.BYTES
                : isInteger(next) && end - start < Long.BYTES);
    }

    private static boolean isInteger(@Nullable MemoryLayout layout) {
        return layout instanceof ValueLayout value && value.carrier() != float.class && value.carrier() != double.class;
    }

    /** Returns the place in the list behind what was added. */
    private static int fill(List<MemoryLayout> fields, int place, long start, long end, long alignment) {
        int i = place;
        for (long at = start; at < end; ) {
            long bytes = Math.min(alignment, widest(at, end));
            long count = (end - at) / bytes > MOST_SINGLE ? (end - at) / bytes : 1;
            fields.add(i++, count == 1 ? integer(bytes) : MemoryLayout.sequenceLayout(count, integer(bytes)));
            at += count * bytes;
        }
        return i;
    }

    /** Where the unit of a bit-field ends that holds the byte; its beginning where none does. */
    private static long unitEnd(List<Type.Member> members, long at, Layouts layouts) {
        long end = at;
        for (Type.Member member : members) {
            long unit = member.bits() == 0 ? 1 : unit(member, layouts);
            long start = member.start() / Byte.SIZE / unit * unit;
            if (member.bits() != 0 && start <= at && at < start + unit) {
                end = Math.max(end, start + unit);
            }
        }
        return end;
    }

    private static long widest(long start, long end) {
        long unit = Long.BYTES;
        while (unit > 1 && (start % unit != 0 || start + unit > end)) {
            unit /= 2;
        }
        return unit;
    }

    static MemoryLayout integer(long bytes) {
        return switch ((int) bytes) {
            case Long.BYTES -> JAVA_LONG;
            case Integer.BYTES -> JAVA_INT;
            case Short.BYTES -> JAVA_SHORT;
            default -> JAVA_BYTE;
        };
    }

    private static String names(List<Type.Member> fields, long start, long end) {
        List<String> names = new ArrayList<>();
        for (Type.Member field : fields) {
            boolean begins = field.start() / Byte.SIZE >= start && field.start() / Byte.SIZE < end;
            if (begins && field.name() != null) {
                names.add(field.name());
            }
        }
        return names.isEmpty() ? "bits" : String.join("|", names);
    }
}
