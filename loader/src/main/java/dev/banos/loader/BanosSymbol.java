package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

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
final class BanosSymbol {
    static final String SECTION = ".banos-export";

    static final StructLayout LAYOUT =
            MemoryLayout.structLayout(ADDRESS.withName("name"), ADDRESS.withName("arg")).withName("Banos_Symbol");
    static final long BYTES = LAYOUT.byteSize();

    private static final VarHandle NAME = LAYOUT.varHandle(PathElement.groupElement("name")).withInvokeExactBehavior();
    private static final VarHandle ARG = LAYOUT.varHandle(PathElement.groupElement("arg")).withInvokeExactBehavior();

    private BanosSymbol() {
    }

    /** Where the name's pointer stands in the table, counted from its start. */
    static long nameOffset(int index) {
        return index * BYTES + LAYOUT.byteOffset(PathElement.groupElement("name"));
    }

    static long argOffset(int index) {
        return index * BYTES + LAYOUT.byteOffset(PathElement.groupElement("arg"));
    }

    static void set(MemorySegment table, int index, MemorySegment name, MemorySegment arg) {
        NAME.set(table, index * BYTES, name);
        ARG.set(table, index * BYTES, arg);
    }
}
