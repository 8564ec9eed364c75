package dev.banos.benchmarks;

import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * One {@link Specimen} inflated whole, and in pieces of input and output of one size, from native memory to native memory.
 * {@code -p file=PATH,PATH} takes files instead; a path that is not absolute starts at the JDK.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class InflatePieces {
    private static final int LEVEL = 6;

    @Param({"CLASSES", "XML", "HTML", "FONT", "PIXELS", "LIBRARY", "OBJECT", "LOG", "PDF", "JSON", "JAVASCRIPT", "C", "PYTHON",
        "PROSE", "TRACE"})
    String file;

    /** 0 for the whole file at once. */
    @Param({"0", "8192", "64"})
    int piece;

    @Param({"RAW", "ZLIB"})
    Inflater.Format format;

    private MemorySegment stream;
    private MemorySegment output;
    private ByteBuffer streamBytes;
    private ByteBuffer outputBytes;
    private Inflater banos;
    private java.util.zip.Inflater jdk;

    @Setup
    public void deflate() throws IOException {
        byte[] data = Specimen.read(file);
        Deflater deflater = new Deflater(LEVEL, format == Inflater.Format.RAW);
        byte[] deflated = new byte[data.length + data.length / 8 + 64];
        deflater.setInput(data);
        deflater.finish();
        int bytes = deflater.deflate(deflated);
        deflater.end();
        stream = Arena.global().allocate(bytes);
        MemorySegment.copy(deflated, 0, stream, ValueLayout.JAVA_BYTE, 0, bytes);
        output = Arena.global().allocate(piece == 0 ? data.length : piece);
        streamBytes = stream.asByteBuffer();
        outputBytes = output.asByteBuffer();
        banos = Inflater.of(format);
        jdk = new java.util.zip.Inflater(format == Inflater.Format.RAW);
    }

    @Benchmark
    public long banos() throws InflateException {
        banos.reset();
        long end = 0;
        long at = 0;
        Inflater.Status status;
        do {
            if (at == end) {
                end = end(at);
            }
            status = banos.inflate(stream, at, end - at, output, 0, output.byteSize());
            at += banos.consumed();
        } while (status != Inflater.Status.DONE);
        return banos.totalOut();
    }

    @Benchmark
    public long jdk() throws DataFormatException {
        jdk.reset();
        long at = 0;
        while (!jdk.finished()) {
            if (jdk.needsInput()) {
                long end = end(at);
                jdk.setInput(streamBytes.limit((int) end).position((int) at));
                at = end;
            }
            jdk.inflate(outputBytes.clear());
        }
        return jdk.getBytesWritten();
    }

    private long end(long at) {
        return piece == 0 ? stream.byteSize() : Math.min(stream.byteSize(), at + piece);
    }
}
