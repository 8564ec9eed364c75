package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceTest {
    @TempDir
    Path folder;

    private static byte[] bytes(int operations, int slots, int... words) {
        ByteBuffer out = ByteBuffer.allocate(16 + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        out.put("MTRACE1\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII)).putInt(operations).putInt(slots);
        for (int word : words) {
            out.putInt(word);
        }
        return out.array();
    }

    private Path zipped(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
            zip.write(content);
        }
        return Files.write(folder.resolve("t.mtrace.gz"), bytes.toByteArray());
    }

    @Test
    void readsWhatTheFormatSays() throws IOException {
        Trace trace = Trace.read(zipped(bytes(3, 7, 0, 2, 100, 3 | 12 << 8, 6, -1, 4, 2, 0)));
        assertThat(trace.operations()).isEqualTo(3);
        assertThat(trace.slots()).isEqualTo(7);
        assertThat(trace.kind(1)).isEqualTo(Trace.ALIGNED);
        assertThat(trace.alignment(1)).isEqualTo(4096);
        assertThat(trace.size(1)).isEqualTo(0xffff_ffffL);
        assertThat(trace.slot(2)).isEqualTo(2);
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Trace trace = new Trace.Builder().add(Trace.MALLOC, 0, 24, 0).add(Trace.REALLOC, 0, 0xffff_fff0L, 0)
                .add(Trace.ALIGNED, 1, 5, 64).add(Trace.FREE, 0, 0, 0).build();
        Path file = folder.resolve("w.mtrace.gz");
        trace.write(file);
        Trace read = Trace.read(file);
        assertThat(read.slots()).isEqualTo(2);
        assertThat(read.operations()).isEqualTo(4);
        assertThat(read.size(1)).isEqualTo(0xffff_fff0L);
        assertThat(read.alignment(2)).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource({
        "'9 0 1', 'damaged at operation 0: unknown operation 9'",
        "'0 7 1', 'damaged at operation 0: slot=7 of 2'",
        "'4 1 0', 'damaged at operation 0: slot=1 is empty'",
        "'0 0 1 0 0 1', 'damaged at operation 1: slot=0 is already in use'",
        "'260 0 1', 'damaged at operation 0: alignment 2^1 for operation 4'"})
    void damageIsOneLineThatSaysWhere(String words, String message) throws IOException {
        int[] numbers = Arrays.stream(words.split(" ")).mapToInt(Integer::parseInt).toArray();
        Path file = zipped(bytes(numbers.length / 3, 2, numbers));
        assertThatThrownBy(() -> Trace.read(file)).isInstanceOf(TraceException.class)
                .hasMessageContaining("t.mtrace.gz").hasMessageContaining(message);
    }

    /** Whoever reads a trace makes room for each slot. */
    @Test
    void slotsThatNobodyUsesAreDamage() throws IOException {
        Path unused = zipped(bytes(1, 1 << 27, 0, 0, 1));
        assertThatThrownBy(() -> Trace.read(unused)).hasMessageContaining("its header promises 134217728 slots for 1 operations");
        Path sparse = zipped(bytes(1, 1 << 27, 0, (1 << 27) - 1, 1));
        assertThatThrownBy(() -> Trace.read(sparse)).hasMessageContaining("its header promises 134217728 slots for 1 operations");
        Path few = zipped(bytes(1, 3, 0, 0, 1));
        assertThatThrownBy(() -> Trace.read(few)).hasMessageContaining("its header promises 3 slots, its operations use 1");
    }

    @Test
    void aFreeHasNoSize() throws IOException {
        assertThat(Trace.read(zipped(bytes(2, 1, 0, 0, 8, 4, 0, 8))).size(1)).isZero();
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(zipped(bytes(2, 1, 0, 0, 1, 4, 0, 0)));
        for (int length = 0; length < whole.length; length++) {
            Path file = Files.write(folder.resolve("cut.gz"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> Trace.read(file)).as("length %d", length).isInstanceOf(TraceException.class);
        }
    }

    @Test
    void anEmptyFileIsRefusedWithACause() throws IOException {
        assertThatThrownBy(() -> Trace.read(Files.createFile(folder.resolve("empty.gz")))).isInstanceOf(TraceException.class)
                .hasMessageEndingWith("empty.gz: not a whole gzip file (it ends within the header)");
    }

    @Test
    void bytesTooFewOrTooManyAreDamage() throws IOException {
        Path few = zipped(bytes(2, 1, 0, 0, 1));
        assertThatThrownBy(() -> Trace.read(few)).hasMessageContaining("promises 2 operations, it holds 1");
        Path many = zipped(bytes(1, 1, 0, 0, 1, 4, 0, 0));
        assertThatThrownBy(() -> Trace.read(many)).hasMessageContaining("bytes after its 1 operations");
        Path huge = zipped(bytes(-1, 1));
        assertThatThrownBy(() -> Trace.read(huge)).hasMessageContaining("operations=4294967295");
    }

    @Test
    void anotherFileIsNamed() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "hello, world: no trace");
        assertThatThrownBy(() -> Trace.read(text)).isInstanceOf(TraceException.class).hasMessageContaining("notes.txt");
        assertThatThrownBy(() -> Trace.read(folder.resolve("absent"))).hasMessageContaining("absent: no such file");
    }
}
