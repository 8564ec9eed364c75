package dev.banos.libc.zip;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.function.IntSupplier;
import java.util.zip.DataFormatException;

/**
 * What a decoder made of a stream: how it ended, all bytes that it put out, and how many it consumed (-1 where the oracle does
 * not tell exactly).
 */
record Verdict(String end, String output, long consumed) {
    static final String DONE = "DONE";
    static final String CUT = "NEED_INPUT";
    static final String DICTIONARY = "NEED_DICTIONARY";

    private static final int ORACLE_CHUNK = 1000;

    /** zlib's, through the JDK. */
    static Verdict ofZlib(byte[] stream, boolean raw) {
        java.util.zip.Inflater zlib = new java.util.zip.Inflater(raw);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        byte[] chunk = new byte[ORACLE_CHUNK];
        try {
            zlib.setInput(stream);
            while (true) {
                long before = zlib.getBytesWritten();
                int bytes = zlib.inflate(chunk);
                output.write(chunk, 0, bytes);
                if (zlib.finished()) {
                    return of(DONE, output, zlib.getBytesRead());
                } else if (zlib.needsDictionary()) {
                    return of(DICTIONARY, output, zlib.getBytesRead());
                } else if (bytes == 0 && zlib.getBytesWritten() == before) {
                    return of(CUT, output, stream.length);
                }
            }
        } catch (DataFormatException wrong) {
            output.write(chunk, 0, (int) (zlib.getBytesWritten() - output.size()));
            return of(wrong.getMessage(), output, -1);
        } finally {
            zlib.end();
        }
    }

    /** Ours, with pieces of input and output of the sizes that the suppliers give. */
    static Verdict of(InflaterOptions options, byte[] stream, IntSupplier inputSizes, IntSupplier outputSizes) {
        try (Inflater inflater = new Inflater(options)) {
            return of(inflater, stream, inputSizes, outputSizes);
        }
    }

    static Verdict of(Inflater inflater, byte[] stream, IntSupplier inputSizes, IntSupplier outputSizes) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int at = 0;
        try {
            while (true) {
                Inflater.Status status;
                try (Arena scope = Arena.ofConfined()) {
                    int size = Math.min(stream.length - at, inputSizes.getAsInt());
                    MemorySegment in = scope.allocate(Math.max(1, size)).asSlice(0, size);
                    MemorySegment.copy(stream, at, in, ValueLayout.JAVA_BYTE, 0, size);
                    MemorySegment out = scope.allocate(outputSizes.getAsInt());
                    try {
                        status = inflater.inflate(in, out);
                    } finally {
                        at += (int) inflater.consumed();
                        output.writeBytes(out.asSlice(0, inflater.produced()).toArray(ValueLayout.JAVA_BYTE));
                    }
                    requireHonest(status, inflater, size, out.byteSize());
                }
                switch (status) {
                    case DONE -> {
                        return of(DONE, output, at);
                    }
                    case NEED_DICTIONARY -> {
                        return of(DICTIONARY, output, at);
                    }
                    case NEED_INPUT -> {
                        if (at == stream.length) {
                            return of(CUT, output, at);
                        }
                    }
                    case NEED_OUTPUT -> { }
                }
            }
        } catch (InflateException wrong) {
            return of(wrong.reason(), output, -1);
        }
    }

    private static void requireHonest(Inflater.Status status, Inflater inflater, long in, long out) {
        if (status == Inflater.Status.NEED_INPUT && inflater.consumed() != in) {
            throw new AssertionError("NEED_INPUT with " + inflater.consumed() + " of " + in + " bytes consumed");
        }
        if (status == Inflater.Status.NEED_OUTPUT && inflater.produced() != out) {
            throw new AssertionError("NEED_OUTPUT with " + inflater.produced() + " of " + out + " bytes produced");
        }
    }

    private static Verdict of(String end, ByteArrayOutputStream output, long consumed) {
        return new Verdict(end, HexFormat.of().formatHex(output.toByteArray()), consumed);
    }
}
