package dev.banos.samples.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.OwnJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A signal while {@code banos link} writes. */
class LinkEndTest {
    private static final int DATA_BYTES = 32 << 20;
    private static final int FILES = 40;
    /** Each ends at another moment; half a file would be left by most of them. */
    private static final int TRIES = 4;

    @TempDir
    Path folder;

    @Test
    void aSignalLeavesNoHalfOfAFile() throws Exception {
        List<String> command = OwnJvm.banos(List.of());
        command.addAll(List.of("link", "--base=0x10000000", "--output-dir", folder.resolve("out").toString()));
        Path object = Files.write(folder.resolve("large.o"), largeObject());
        for (int i = 0; i < FILES; i++) {
            command.add(Files.createSymbolicLink(folder.resolve("large" + i + ".o"), object).toString());
        }
        for (int i = 0; i < TRIES; i++) {
            Path output = folder.resolve("output");
            Process linking = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
            try {
                while (linking.isAlive() && parts().isEmpty()) {
                    Thread.onSpinWait();
                }
                linking.destroy();
                assertThat(linking.waitFor(1, TimeUnit.MINUTES)).isTrue();
            } finally {
                linking.destroyForcibly();
            }
            assertThat(linking.exitValue()).as(Files.readString(output)).isEqualTo(128 + 15);
            assertThat(parts()).isEmpty();
        }
    }

    private List<String> parts() throws IOException {
        Path out = folder.resolve("out");
        if (!Files.isDirectory(out)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(out)) {
            return files.map(Path::toString).filter(name -> name.endsWith(".part")).toList();
        }
    }

    /** One section of data, and the table of names. */
    private static byte[] largeObject() {
        byte[] names = "\0.data\0.shstrtab\0".getBytes(StandardCharsets.US_ASCII);
        int headers = 64 + DATA_BYTES + 64;
        ByteBuffer file = ByteBuffer.allocate(headers + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1).putShort(16, (short) 1).putShort(18, (short) 62);
        file.putInt(20, 1).putLong(40, headers).putShort(52, (short) 64).putShort(58, (short) 64).putShort(60, (short) 3);
        file.putShort(62, (short) 2).put(64 + DATA_BYTES, names);
        section(file, headers + 64, 1, 1, 3, 64, DATA_BYTES);
        section(file, headers + 128, 7, 3, 0, 64 + DATA_BYTES, names.length);
        return file.array();
    }

    private static void section(ByteBuffer file, int at, int name, int type, long flags, long offset, long size) {
        file.putInt(at, name).putInt(at + 4, type).putLong(at + 8, flags).putLong(at + 24, offset).putLong(at + 32, size)
                .putLong(at + 48, 1);
    }
}
