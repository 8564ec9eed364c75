package dev.banos.loader.types;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The names of debug information, in sections of their own; each is decoded once, when it is wanted. */
final class DwarfStrings {
    private final @Nullable Bytes plain;
    private final @Nullable Bytes lines;
    private final @Nullable Bytes offsets;
    private final Map<Long, String> known = new HashMap<>();

    DwarfStrings(DwarfSections sections) {
        plain = sections.first(".debug_str");
        lines = sections.first(".debug_line_str");
        offsets = sections.first(".debug_str_offsets");
    }

    /** The string at an offset of {@code .debug_str} or {@code .debug_line_str}; null where it is not wanted or not there. */
    @Nullable String at(long offset, boolean wanted, boolean ofLines) {
        Bytes section = ofLines ? lines : plain;
        if (!wanted || section == null) {
            return null;
        }
        return ofLines ? string(section, offset) : known.computeIfAbsent(offset, at -> string(section, at));
    }

    private static String string(Bytes section, long offset) {
        return section.range(offset, section.end()).string();
    }

    @Nullable String indexed(long base, long index, int width) {
        if (offsets == null || index < 0 || index > offsets.end() / width) {
            return null;
        }
        Bytes entry = offsets.range(base + index * width, offsets.end());
        return at(width == Integer.BYTES ? entry.u32() : entry.i64(), true, false);
    }
}
