package dev.banos.benchmarks;

import dev.banos.libc.zip.Adler32;
import dev.banos.libc.zip.Crc32;
import dev.banos.libc.zip.Crc32C;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * One segment summed: from the initial state ("Fresh"), and as the next piece of a stream ("Continued"), which in
 * {@code java.util.zip} is an object that was not reset; or as the next piece of one stream and of another in turns ("Two"). The
 * peer reads the same memory through a buffer made beforehand.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumPieces {
    @Param({"64", "100", "256", "1500", "4096", "65536", "1048576"})
    int bytes;

    private MemorySegment segment;
    private ByteBuffer buffer;
    private final CRC32 crc32 = new CRC32();
    private final CRC32C crc32c = new CRC32C();
    private final java.util.zip.Adler32 adler32 = new java.util.zip.Adler32();
    private final CRC32 otherCrc32 = new CRC32();
    private final CRC32C otherCrc32c = new CRC32C();
    private final java.util.zip.Adler32 otherAdler32 = new java.util.zip.Adler32();
    private int state = 0x12345678;
    private int otherState = 0x23456789;

    @Setup
    public void allocate() {
        segment = Arena.global().allocate(bytes, 64).fill((byte) 0x5A);
        buffer = segment.asByteBuffer();
    }

    @Benchmark
    public int crc32FreshBanos() {
        return Crc32.update(Crc32.INITIAL, segment);
    }

    @Benchmark
    public int crc32FreshJdk() {
        CRC32 engine = new CRC32();
        engine.update(buffer.clear());
        return (int) engine.getValue();
    }

    @Benchmark
    public int crc32ContinuedBanos() {
        state = Crc32.update(state, segment);
        return state;
    }

    @Benchmark
    public int crc32ContinuedJdk() {
        crc32.update(buffer.clear());
        return (int) crc32.getValue();
    }

    @Benchmark
    public int crc32TwoBanos() {
        state = Crc32.update(state, segment);
        otherState = Crc32.update(otherState, segment);
        return state ^ otherState;
    }

    @Benchmark
    public int crc32TwoJdk() {
        crc32.update(buffer.clear());
        int first = (int) crc32.getValue();
        otherCrc32.update(buffer.clear());
        return first ^ (int) otherCrc32.getValue();
    }

    @Benchmark
    public int crc32cFreshBanos() {
        return Crc32C.update(Crc32C.INITIAL, segment);
    }

    @Benchmark
    public int crc32cFreshJdk() {
        CRC32C engine = new CRC32C();
        engine.update(buffer.clear());
        return (int) engine.getValue();
    }

    @Benchmark
    public int crc32cContinuedBanos() {
        state = Crc32C.update(state, segment);
        return state;
    }

    @Benchmark
    public int crc32cContinuedJdk() {
        crc32c.update(buffer.clear());
        return (int) crc32c.getValue();
    }

    @Benchmark
    public int crc32cTwoBanos() {
        state = Crc32C.update(state, segment);
        otherState = Crc32C.update(otherState, segment);
        return state ^ otherState;
    }

    @Benchmark
    public int crc32cTwoJdk() {
        crc32c.update(buffer.clear());
        int first = (int) crc32c.getValue();
        otherCrc32c.update(buffer.clear());
        return first ^ (int) otherCrc32c.getValue();
    }

    @Benchmark
    public int adler32FreshBanos() {
        return Adler32.update(Adler32.INITIAL, segment);
    }

    @Benchmark
    public int adler32FreshJdk() {
        java.util.zip.Adler32 engine = new java.util.zip.Adler32();
        engine.update(buffer.clear());
        return (int) engine.getValue();
    }

    @Benchmark
    public int adler32ContinuedBanos() {
        state = Adler32.update(state, segment);
        return state;
    }

    @Benchmark
    public int adler32ContinuedJdk() {
        adler32.update(buffer.clear());
        return (int) adler32.getValue();
    }

    @Benchmark
    public int adler32TwoBanos() {
        state = Adler32.update(state, segment);
        otherState = Adler32.update(otherState, segment);
        return state ^ otherState;
    }

    @Benchmark
    public int adler32TwoJdk() {
        adler32.update(buffer.clear());
        int first = (int) adler32.getValue();
        otherAdler32.update(buffer.clear());
        return first ^ (int) otherAdler32.getValue();
    }
}
