package dev.banos.loader.elf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.loader.CCompiler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Debug sections of {@code -gz}: what objcopy expands them to is what they hold; what is damaged is refused by name. */
class CompressedSectionTest {
    private static final int TYPE = 0;
    private static final int SIZE = 8;
    private static final int STREAM = CompressedSection.HEADER_BYTES;
    @TempDir
    static Path folder;
    private static byte[] compressed;
    private static byte[] plain;

    @BeforeAll
    static void compile() throws IOException {
        Path file = CCompiler.object(folder, "everything.c", "gcc", "-O1", "-g", "-gz=zlib");
        compressed = Files.readAllBytes(file);
        CCompiler.requireProgram("objcopy");
        Path expanded = folder.resolve("plain.o");
        CCompiler.run(List.of("objcopy", "--decompress-debug-sections", file.toString(), expanded.toString()));
        plain = Files.readAllBytes(expanded);
    }

    private static ElfObject read(byte[] bytes) {
        return ObjectReader.read(bytes, "x.o");
    }

    @Test
    void contentsAreWhatObjcopyExpandsThemTo() {
        ElfObject object = read(compressed);
        ElfObject expected = read(plain);
        int compared = 0;
        for (int section = 1; section < object.sections().count(); section++) {
            int other = expected.sections().find(object.sections().name(section));
            if (object.sections().isCompressed(section)) {
                assertThat(expected.sections().isCompressed(other)).isFalse();
                assertThat(object.contents(section)).isEqualTo(expected.contents(other));
                compared++;
            }
        }
        assertThat(compared).as("compressed sections").isPositive();
    }

    @Test
    void contentsOfOtherSectionsAreTheirBytes() {
        ElfObject object = read(plain);
        int text = object.sections().find(".text");
        byte[] contents = object.contents(text);
        assertThat(contents).hasSize((int) object.sections().size(text));
        assertThat(ByteBuffer.wrap(contents)).isEqualTo(ByteBuffer.wrap(plain, object.start(text), contents.length).slice());
        assertThatThrownBy(() -> object.contents(object.sections().find(".bss"))).isInstanceOf(Refusal.class)
                .hasMessageContaining(".bss").hasMessageContaining("no bytes");
    }

    @ParameterizedTest
    @CsvSource({"2,Zstandard", "2,objcopy", "0,ch_type is 0", "77,ch_type is 77", "-1,ch_type is 4294967295"})
    void otherCompressionsAreRefused(int type, String message) {
        byte[] bytes = compressed.clone();
        ElfObject object = read(bytes);
        int section = object.sections().find(".debug_info");
        buffer(bytes).putInt(object.start(section) + TYPE, type);
        assertThatThrownBy(() -> object.contents(section)).isInstanceOf(Refusal.class).hasMessageContaining(".debug_info")
                .hasMessageContaining(message);
    }

    @Test
    void aDeclaredSizeIsNotBelieved() {
        byte[] bytes = compressed.clone();
        ElfObject object = read(bytes);
        int section = object.sections().find(".debug_info");
        int at = object.start(section) + SIZE;
        long size = buffer(bytes).getLong(at);
        for (long wrong : new long[] {0, 1, size - 1, size + 1, size + 100_000, 1L << 28, 1L << 40, Long.MAX_VALUE, -1}) {
            buffer(bytes).putLong(at, wrong);
            assertThatThrownBy(() -> object.contents(section)).as("%d", wrong).isInstanceOf(Refusal.class)
                    .hasMessageMatching(".*(declared|ch_size|it expands to|truncated).*");
        }
    }

    @Test
    void aSectionShorterThanItsHeaderIsRefused() {
        byte[] bytes = compressed.clone();
        int section = read(bytes).sections().find(".debug_info");
        int headers = (int) buffer(bytes).getLong(40);
        for (int size : new int[] {0, 1, STREAM - 1, STREAM, STREAM + 2, STREAM + 40}) {
            buffer(bytes).putLong(headers + section * SectionTable.HEADER_BYTES + 32, size);
            ElfObject object = read(bytes);
            assertThatThrownBy(() -> object.contents(section)).as("%d", size).isInstanceOf(Refusal.class)
                    .hasMessageContaining(".debug_info");
        }
    }

    @Test
    void damagedStreamsAreRefusedOrExpandToTheDeclaredSize() {
        Random random = new Random(20_26);
        ElfObject whole = read(compressed);
        int section = whole.sections().find(".debug_info");
        int refused = 0;
        for (int round = 0; round < 2_000; round++) {
            byte[] bytes = compressed.clone();
            int at = whole.start(section) + random.nextInt((int) whole.sections().size(section));
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(read(bytes).contents(section)).hasSize((int) buffer(bytes).getLong(whole.start(section) + SIZE));
            } catch (Refusal refusal) {
                assertThat(refusal.getMessage()).startsWith("x.o: section .debug_info");
                refused++;
            }
        }
        assertThat(refused).as("a checksum guards the stream, and nothing the header's reserved fields").isGreaterThan(1_700);
    }

    @Test
    void onlyWhatNobodyLoadsMayBeCompressed() {
        byte[] bytes = compressed.clone();
        ElfObject object = read(bytes);
        int headers = (int) buffer(bytes).getLong(40);
        for (String name : new String[] {".text", ".symtab", ".strtab", ".bss"}) {
            byte[] wrong = bytes.clone();
            int flags = headers + object.sections().find(name) * SectionTable.HEADER_BYTES + 8;
            buffer(wrong).putLong(flags, buffer(wrong).getLong(flags) | Elf.SHF_COMPRESSED);
            assertThatThrownBy(() -> read(wrong)).isInstanceOf(Refusal.class).hasMessageContaining(name)
                    .hasMessageContaining("cannot be compressed");
        }
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
