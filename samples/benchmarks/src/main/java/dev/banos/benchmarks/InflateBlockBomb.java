package dev.banos.benchmarks;

import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** 20,000 dynamic blocks that hold nothing but their codes, of one symbol or of 256. The time is for the whole stream. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class InflateBlockBomb {
    private static final int BLOCKS = 20_000;
    private static final int DYNAMIC = 2;
    /** The precode's lengths come in this order (RFC 1951, 3.2.7); the last one, 15, is left out. */
    private static final int[] PRECODE_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1};

    @Param({"1", "256"})
    int symbols;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int bits;
    private int count;
    private MemorySegment stream;
    private MemorySegment output;
    private ByteBuffer streamBytes;
    private ByteBuffer outputBytes;
    private final Inflater banos = Inflater.of(Inflater.Format.RAW);
    private final java.util.zip.Inflater jdk = new java.util.zip.Inflater(true);

    @Setup
    public void write() {
        for (int block = 1; block <= BLOCKS; block++) {
            put(block == BLOCKS ? 1 : 0, 1);
            put(DYNAMIC, 2);
            put(0, 10); // 257 literals and lengths, one distance
            if (symbols == 1) {
                onlyEndOfBlock();
            } else {
                eightBitsForAll();
            }
        }
        put(0, Byte.SIZE - 1);
        byte[] array = bytes.toByteArray();
        stream = Arena.global().allocateFrom(ValueLayout.JAVA_BYTE, array);
        output = Arena.global().allocate(1);
        streamBytes = stream.asByteBuffer();
        outputBytes = output.asByteBuffer();
    }

    private void onlyEndOfBlock() {
        precode(18);
        put(0, 1);
        put(138 - 11, 7);
        put(0, 1);
        put(118 - 11, 7);
        put(0b11, 2); // the end of block has one bit
        put(0b01, 2);
        put(0, 1);
    }

    private void eightBitsForAll() {
        precode(8);
        for (int literal = 0; literal < 255; literal++) {
            put(0, 1);
        }
        put(0b01, 2); // the last literal has no codeword, so that the end of block has the last one
        put(0, 1);
        put(0b01, 2);
        put(0xFF, 8);
    }

    /** {@code common} has the codeword 0, the length 0 has 10, the length 1 has 11. */
    private void precode(int common) {
        put(PRECODE_ORDER.length - 4, 4);
        for (int symbol : PRECODE_ORDER) {
            put(symbol == common ? 1 : symbol <= 1 ? 2 : 0, 3);
        }
    }

    private void put(int value, int n) {
        for (int i = 0; i < n; i++) {
            bits |= (value >>> i & 1) << count;
            if (++count == Byte.SIZE) {
                bytes.write(bits);
                bits = 0;
                count = 0;
            }
        }
    }

    @Benchmark
    public long banos() throws InflateException {
        banos.reset();
        if (banos.inflate(stream, output) != Inflater.Status.DONE) {
            throw new IllegalStateException("symbols=" + symbols + ": the stream does not end");
        }
        return banos.totalIn();
    }

    @Benchmark
    public long jdk() throws DataFormatException {
        jdk.reset();
        jdk.setInput(streamBytes.clear());
        while (!jdk.finished()) {
            jdk.inflate(outputBytes.clear());
        }
        return jdk.getBytesRead();
    }
}
