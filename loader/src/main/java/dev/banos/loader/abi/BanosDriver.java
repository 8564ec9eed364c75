package dev.banos.loader.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

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
public final class BanosDriver {
    public static final String SECTION = ".banos-driver";

    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("driver_size"),
            JAVA_INT.withName("minimal_banos_version"),
            MemoryLayout.paddingLayout(JAVA_INT.byteSize()),
            ADDRESS.withName("name"),
            ADDRESS.withName("license"),
            JAVA_INT.withName("version"),
            MemoryLayout.paddingLayout(JAVA_INT.byteSize()),
            ADDRESS.withName("init"),
            ADDRESS.withName("uninit")).withName("Banos_Driver");

    public static final long NAME = offset("name");
    public static final long LICENSE = offset("license");
    public static final long INIT = offset("init");
    public static final long UNINIT = offset("uninit");
    /** The shortest struct that has an {@code init}. */
    public static final long SHORTEST = UNINIT;

    private static final int DRIVER_SIZE = (int) offset("driver_size");
    private static final int MINIMAL_BANOS_VERSION = (int) offset("minimal_banos_version");
    private static final int VERSION = (int) offset("version");

    private BanosDriver() {
    }

    // Through buffers and as numbers: handles of fields cost a JVM that has just started more than all else that a small driver needs.

    /** Reads {@code driver_size} in a file's bytes, which may be unaligned; the caller has checked that they are there. */
    public static long driverSize(byte[] file, int start) {
        return buffer(file).getLong(start + DRIVER_SIZE);
    }

    public static int minimalBanosVersion(byte[] file, int start) {
        return buffer(file).getInt(start + MINIMAL_BANOS_VERSION);
    }

    public static int version(byte[] file, int start) {
        return buffer(file).getInt(start + VERSION);
    }

    /** 0 in a file where a relocation fills it in. */
    public static long uninit(byte[] file, int start) {
        return buffer(file).getLong(start + (int) UNINIT);
    }

    private static ByteBuffer buffer(byte[] file) {
        return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The function to start the driver at {@code address} with, or 0. */
    public static long init(long address) {
        return Native.readLong(address + INIT);
    }

    /** The function to stop the driver with, or 0. The caller has checked that the struct is long enough. */
    public static long uninit(long address) {
        return Native.readLong(address + UNINIT);
    }

    /** Calls {@code init} or {@code uninit}, {@code int (*)(struct Banos_Driver *)}: the driver's address stands for the pointer. */
    public static int call(long function, long driver) {
        return (int) SystemCalls.call(MemorySegment.ofAddress(function), driver, 0, 0);
    }

    private static long offset(String field) {
        return Native.offset(LAYOUT, field);
    }
}
