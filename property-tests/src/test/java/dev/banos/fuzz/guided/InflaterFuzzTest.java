package dev.banos.fuzz.guided;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.DataFormatException;

/** Any bytes inflate to what the JDK's inflater makes of them, piece by piece, or both refuse them. */
class InflaterFuzzTest {
    private static final int LARGEST_OUTPUT = 1 << 16;
    private static final int PIECE = 251;

    /** What a stream came to: the bytes before its end, and whether that was its proper end. */
    private record Result(byte[] bytes, boolean ended) {
    }

    @FuzzTest(maxDuration = "10m")
    void rawStreamsInflateAsTheJdkDoes(byte[] stream) {
        Result ours = ours(stream);
        Result theirs = theirs(stream);
        assertThat(ours.ended).isEqualTo(theirs.ended);
        if (ours.ended) { // before an error, each delivers as far as it likes
            assertThat(ours.bytes).isEqualTo(theirs.bytes);
        }
    }

    private static Result ours(byte[] stream) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (Arena scope = Arena.ofConfined(); Inflater inflater = Inflater.of(Inflater.Format.RAW)) {
            MemorySegment in = scope.allocate(Math.max(1, stream.length));
            MemorySegment.copy(stream, 0, in, ValueLayout.JAVA_BYTE, 0, stream.length);
            MemorySegment out = scope.allocate(PIECE);
            long from = 0;
            while (bytes.size() < LARGEST_OUTPUT) {
                Inflater.Status status = inflater.inflate(in.asSlice(from, stream.length - from), out);
                from += inflater.consumed();
                bytes.writeBytes(out.asSlice(0, inflater.produced()).toArray(ValueLayout.JAVA_BYTE));
                if (status != Inflater.Status.NEED_OUTPUT) {
                    return new Result(bytes.toByteArray(), status == Inflater.Status.DONE);
                }
            }
        } catch (InflateException refused) {
            return new Result(bytes.toByteArray(), false);
        }
        return new Result(bytes.toByteArray(), false);
    }

    private static Result theirs(byte[] stream) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] out = new byte[PIECE];
        try (java.util.zip.Inflater inflater = new java.util.zip.Inflater(true)) {
            inflater.setInput(stream);
            while (bytes.size() < LARGEST_OUTPUT) {
                int count = inflater.inflate(out);
                bytes.write(out, 0, count);
                if (inflater.finished()) {
                    return new Result(bytes.toByteArray(), true);
                }
                if (count == 0) {
                    return new Result(bytes.toByteArray(), false);
                }
            }
        } catch (DataFormatException refused) {
            return new Result(bytes.toByteArray(), false);
        }
        return new Result(bytes.toByteArray(), false);
    }
}
