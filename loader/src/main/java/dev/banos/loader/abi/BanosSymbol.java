package dev.banos.loader.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.banos.bindings.Native;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;

/**
 * {@code struct Banos_Symbol}, of which a driver's section {@code .banos-export} and the host's own table are arrays.
 *
 * <pre>
 *     0                  8             16
 *     +------------------+-------------+
 *     | const char *name | void *arg   |
 *     +------------------+-------------+
 * </pre>
 */
public final class BanosSymbol {
    static final String SECTION = ".banos-export";

    public static final StructLayout LAYOUT =
            MemoryLayout.structLayout(ADDRESS.withName("name"), ADDRESS.withName("arg")).withName("Banos_Symbol");
    public static final long BYTES = LAYOUT.byteSize();

    private static final long NAME = Native.offset(LAYOUT, "name");
    private static final long ARG = Native.offset(LAYOUT, "arg");

    private BanosSymbol() {
    }

    /** Where the name's pointer stands in the table, counted from its start. */
    static long nameOffset(int index) {
        return index * BYTES + NAME;
    }

    public static long argOffset(int index) {
        return index * BYTES + ARG;
    }

    public static void set(MemorySegment table, int index, MemorySegment name, MemorySegment arg) {
        table.set(ADDRESS, nameOffset(index), name);
        table.set(ADDRESS, argOffset(index), arg);
    }
}
