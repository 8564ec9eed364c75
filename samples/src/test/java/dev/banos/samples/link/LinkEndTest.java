package dev.banos.samples.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.OwnJvm;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A signal while {@code banos link} writes. */
class LinkEndTest {
    private static final int DATA_BYTES = 4 << 20;
    private static final int SYMBOLS = 1 << 16;
    private static final int FILES = 40;
    private static final String IMAGE_PART = ".image.part";
    private static final String MAP_PART = ".map.json.part";

    @TempDir
    Path folder;

    /** The image takes a while to write, and so does the map, of many symbols. */
    @ParameterizedTest
    @CsvSource({"0," + IMAGE_PART, "0," + MAP_PART, "1," + IMAGE_PART, "3," + MAP_PART})
    void aSignalLeavesNoHalfOfAFile(int pairs, String part) throws Exception {
        Path out = folder.resolve("out");
        List<String> command = OwnJvm.banos(List.of());
        command.addAll(List.of("link", "--base=0x10000000", "--output-dir", out.toString()));
        Path object = Files.write(folder.resolve("large.o"), largeObject());
        for (int i = 0; i < FILES; i++) {
            command.add(Files.createSymbolicLink(folder.resolve("large" + i + ".o"), object).toString());
        }
        Path output = folder.resolve("output");
        Process linking = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            while (linking.isAlive() && !(named(out, part) == 1 && named(out, ".map.json") >= pairs)) {
                Thread.onSpinWait();
            }
            linking.destroy();
            assertThat(linking.waitFor(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            linking.destroyForcibly();
        }
        assertThat(linking.exitValue()).as(Files.readString(output)).isEqualTo(128 + 15);
        assertThat(named(out, ".part")).isZero();
        assertThat(named(out, ".image")).isEqualTo(named(out, ".map.json")).isGreaterThanOrEqualTo(pairs);
    }

    private static long named(Path folder, String end) {
        String[] names = folder.toFile().list();
        return names == null ? 0 : Stream.of(names).filter(name -> name.endsWith(end)).count();
    }

    /** One section of data, in which all symbols lie, and the table of names. */
    private static byte[] largeObject() {
        StringBuilder text = new StringBuilder("\0.data\0.symtab\0.strtab\0");
        ByteBuffer symbols = ByteBuffer.allocate((1 + SYMBOLS) * 24).order(ByteOrder.LITTLE_ENDIAN).position(24);
        for (int i = 0; i < SYMBOLS; i++) {
            symbols.putInt(text.length()).put((byte) 0x11).put((byte) 0).putShort((short) 1).putLong(i).putLong(1);
            text.append("symbol").append(i).append('\0');
        }
        byte[] names = text.toString().getBytes(StandardCharsets.US_ASCII);
        int table = 64 + DATA_BYTES;
        int strings = table + symbols.capacity();
        int headers = strings + names.length;
        ByteBuffer file = ByteBuffer.allocate(headers + 4 * 64).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 1).putShort(18, (short) 62);
        file.putInt(20, 1).putLong(40, headers).putShort(52, (short) 64).putShort(58, (short) 64).putShort(60, (short) 4);
        file.putShort(62, (short) 3).put(table, symbols.array()).put(strings, names);
        section(file, headers + 64, 1, 1, 3, 64, DATA_BYTES);
        section(file, headers + 2 * 64, 7, 2, 0, table, symbols.capacity());
        file.putInt(headers + 2 * 64 + 40, 3).putInt(headers + 2 * 64 + 44, 1).putLong(headers + 2 * 64 + 56, 24);
        section(file, headers + 3 * 64, 15, 3, 0, strings, names.length);
        return file.array();
    }

    private static void section(ByteBuffer file, int at, int name, int type, long flags, long offset, long size) {
        file.putInt(at, name).putInt(at + 4, type).putLong(at + 8, flags).putLong(at + 24, offset).putLong(at + 32, size)
                .putLong(at + 48, 1);
    }
}
