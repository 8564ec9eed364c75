package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * {@code struct Banos_Driver}, the one object in a driver's section {@code .banos-driver}.
 *
 * <pre>
 *     0             8                    12        16      24         32        36        40      48        56
 *     +-------------+--------------------+---------+-------+----------+---------+---------+-------+---------+
 *     | driver_size | minimal_banos_     | padding | name  | license  | version | padding | init  | uninit  |
 *     |             | version            |         |       | or NULL  |         |         |       | or NULL |
 *     +-------------+--------------------+---------+-------+----------+---------+---------+-------+---------+
 * </pre>
 * A driver made with other headers may be shorter, as long as {@code init} is there: what is missing counts as zero. It may be
 * longer: we read the part that we know.
 */
final class BanosDriver {
    static final String SECTION = ".banos-driver";

    static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("driver_size"),
            JAVA_INT.withName("minimal_banos_version"),
            MemoryLayout.paddingLayout(JAVA_INT.byteSize()),
            ADDRESS.withName("name"),
            ADDRESS.withName("license"),
            JAVA_INT.withName("version"),
            MemoryLayout.paddingLayout(JAVA_INT.byteSize()),
            ADDRESS.withName("init"),
            ADDRESS.withName("uninit")).withName("Banos_Driver");

    static final long NAME = offset("name");
    static final long LICENSE = offset("license");
    static final long INIT = offset("init");
    static final long UNINIT = offset("uninit");
    /** The shortest struct that has an {@code init}. */
    static final long SHORTEST = UNINIT;

    private static final VarHandle INIT_POINTER = pointer("init");
    private static final VarHandle UNINIT_POINTER = pointer("uninit");

    private BanosDriver() {
    }

    /** Reads {@code driver_size} in a file's bytes, which may be unaligned; the caller has checked that they are there. */
    static long driverSize(MemorySegment file, long start) {
        return file.get(ValueLayout.JAVA_LONG_UNALIGNED, start + offset("driver_size"));
    }

    static int minimalBanosVersion(MemorySegment file, long start) {
        return file.get(ValueLayout.JAVA_INT_UNALIGNED, start + offset("minimal_banos_version"));
    }

    static int version(MemorySegment file, long start) {
        return file.get(ValueLayout.JAVA_INT_UNALIGNED, start + offset("version"));
    }

    /** The function to start the driver at {@code address} with, or 0. */
    static long init(long address) {
        return ((MemorySegment) INIT_POINTER.get(Native.EVERYTHING, address)).address();
    }

    /** The function to stop the driver with, or 0. The caller has checked that the struct is long enough. */
    static long uninit(long address) {
        return ((MemorySegment) UNINIT_POINTER.get(Native.EVERYTHING, address)).address();
    }

    private static long offset(String field) {
        return LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    private static VarHandle pointer(String field) {
        return LAYOUT.varHandle(PathElement.groupElement(field)).withInvokeExactBehavior();
    }
}
