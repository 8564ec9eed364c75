package dev.banos.loader.types;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The storage of bit-fields, which no layout has: integers that cover the bits, each named after the fields that begin in it,
 * {@code "a|b"}. Where the declared type's own unit fits between the neighbours it is used, as the System V ABI places bit-fields;
 * otherwise the widest that do.
 */
final class BitFields {
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

    private static long widest(long start, long end) {
        long unit = Long.BYTES;
        while (unit > 1 && (start % unit != 0 || start + unit > end)) {
            unit /= 2;
        }
        return unit;
    }

    private static MemoryLayout integer(long bytes) {
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
