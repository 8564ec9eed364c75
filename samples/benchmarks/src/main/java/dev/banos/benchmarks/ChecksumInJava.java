package dev.banos.benchmarks;

import dev.banos.libc.zip.Crc32;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** CRC-32 where {@code java.util.zip} cannot reach: a segment over longs. The peer is the classic loop, a look-up a byte. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumInJava {
    private static final int[] TABLE = table();

    @Param({"4096", "1048576"})
    int bytes;

    private MemorySegment longs;
    private byte[] array;

    @Setup
    public void allocate() {
        longs = MemorySegment.ofArray(new long[bytes / Long.BYTES]);
        array = new byte[bytes];
    }

    @Benchmark
    public int banosInJava() {
        return Crc32.update(Crc32.INITIAL, longs);
    }

    @Benchmark
    public int byteTable() {
        int register = -1;
        for (byte value : array) {
            register = TABLE[(register ^ value) & 255] ^ register >>> 8;
        }
        return ~register;
    }

    private static int[] table() {
        int[] table = new int[256];
        for (int i = 0; i < table.length; i++) {
            int register = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                register = register >>> 1 ^ (0xEDB88320 & -(register & 1));
            }
            table[i] = register;
        }
        return table;
    }
}
