package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.banos.loader.Damage;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.machine.Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Objects with damage: everything up to the finished image runs on them, only mapping and running does not. Whatever the
 * bytes are, the answer is an image or a {@link Refusal}, soon, and without much memory.
 */
class MalformedObjectTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    @TempDir
    static Path folder;
    private static List<byte[]> wellFormed;

    @BeforeAll
    static void compile() throws IOException {
        wellFormed = WellFormedObjects.compile(folder);
    }

    @Test
    void theObjectsAreWellFormedBefore() {
        wellFormed.forEach(bytes -> assertThat(image(bytes)).isNotNull());
    }

    @Test
    void damagedNumbersAreSurvived() {
        assertThat(damageMany(8_000, 20_26)).as("refused").isGreaterThan(1_000);
    }

    @Test
    @Tag("campaign")
    void damagedNumbersAreSurvivedByTheHundredThousand() {
        long seed = new Random().nextLong();
        assertThat(damageMany(300_000, seed)).as("refused, seed %d", seed).isGreaterThan(30_000);
    }

    private static int damageMany(int rounds, long seed) {
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            byte[] bytes = Damage.to(wellFormed.get(round % wellFormed.size()).clone(), random);
            long start = System.nanoTime();
            try {
                image(bytes);
            } catch (Refusal refusal) {
                assertThat(refusal.getMessage()).startsWith("damaged.o: ").doesNotContain("\n");
                refused++;
            } catch (Throwable thrown) {
                fail("round " + round + " of seed " + seed, thrown);
            }
            assertThat(System.nanoTime() - start).as("round %d of seed %d", round, seed).isLessThan(SOON.toNanos());
        }
        return refused;
    }

    private static Image image(byte[] bytes) {
        return WellFormedObjects.image(bytes, "damaged.o");
    }

    /** One field of a well-formed object gets a value that the format forbids: the message says what is wrong. */
    @ParameterizedTest
    @CsvSource({"0,1,0x7e,not an ELF file", "4,1,1,64-bit", "5,1,2,little-endian", "6,1,9,version", "16,2,3,e_type is 3",
        "18,2,40,machine 40", "52,2,63,e_ehsize", "58,2,63,e_shentsize", "60,2,9999,truncated", "62,2,9999,e_shstrndx",
        "40,8,-1,truncated", "40,8,9223372036854775807,truncated"})
    void aWrongHeaderIsNamed(int offset, int bytes, String value, String message) {
        byte[] object = wellFormed.getFirst().clone();
        put(object, offset, bytes, Long.decode(value));
        assertThatThrownBy(() -> image(object)).isInstanceOf(Refusal.class).hasMessageContaining(message);
    }

    /** A number of a symbol, in a table that is otherwise in order. */
    @ParameterizedTest
    @CsvSource({"0,4,0x7fffffff,the symbol's name lies outside the string table", "0,4,-1,the symbol's name lies outside",
        "6,2,0x7000,the symbol is in section 28672 of", "6,2,0xff00,the symbol is in section -256 of", "4,1,0x01,local symbols stand before global ones"})
    void aWrongSymbolIsNamed(int offset, int bytes, String value, String message) {
        byte[] object = wellFormed.getFirst().clone();
        ElfObject elf = ObjectReader.read(object, "x");
        int table = elf.start(elf.sections().find(".symtab"));
        int last = elf.symbols().count() - 1;
        put(object, table + last * 24 + offset, bytes, Long.decode(value));
        assertThatThrownBy(() -> image(object)).isInstanceOf(Refusal.class).hasMessageContaining(message)
                .hasMessageContaining(".symtab [").hasMessageContaining("entry " + last + ":");
    }

    /** Of fields of four bytes in the code: the last that there is room for is the one that ends where the section does. */
    @ParameterizedTest
    @CsvSource({"2,-4,", "2,-3,a field of 4 bytes at offset", "4,-1,a field of 4 bytes at offset", "1,-8,", "1,-7,a field of 8 bytes at offset",
        "2,0,lies outside section .text", "39,-8,relocation R_X86_64_39", "46,-8,relocation R_X86_64_46", "63,-8,relocation R_X86_64_63",
        "65,-8,relocation R_X86_64_65", "66,-8,relocation R_X86_64_66", "-1,-8,relocation R_X86_64_4294967295"})
    void aFieldEndsInItsSection(int type, int fromEnd, @Nullable String message) {
        byte[] object = wellFormed.getFirst().clone();
        ElfObject elf = ObjectReader.read(object, "x");
        int text = elf.sections().find(".text");
        RelocationTable table = Objects.requireNonNull(elf.relocationsOf(text));
        int last = table.count() - 1;
        int entry = elf.start(table.section()) + last * 24;
        put(object, entry, 8, elf.sections().size(text) + fromEnd);
        put(object, entry + 8, 4, type);
        if (message == null) {
            assertThat(image(object)).isNotNull();
        } else {
            assertThatThrownBy(() -> image(object)).isInstanceOf(Refusal.class).hasMessageContaining(message)
                    .hasMessageContaining(".rela.text [").hasMessageContaining("entry " + last + ":");
        }
    }

    @Test
    void anyTruncationIsRefused() {
        byte[] whole = wellFormed.get(2);
        for (int length = 0; length < whole.length; length += 7) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> image(part)).isInstanceOf(Refusal.class);
        }
    }

    @Test
    void hugeZeroedMemoryIsRefusedAndCostsNothing() {
        byte[] object = wellFormed.getFirst().clone();
        ByteBuffer buffer = ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN);
        int bss = ObjectReader.read(object, "x").sections().find(".bss");
        buffer.putLong((int) buffer.getLong(40) + bss * 64 + 32, 1L << 45);
        assertThatThrownBy(() -> image(object)).isInstanceOf(Refusal.class).hasMessageContaining("MiB");
    }

    /** Each field of each section header, and of many symbols and relocations, with each value that is at an edge of something. */
    @Test
    void anyFieldMayHoldAnyValue() {
        int refused = 0;
        for (byte[] bytes : wellFormed) {
            ElfObject object = ObjectReader.read(bytes, "x.o");
            int headers = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(40);
            for (int section = 0; section < object.sections().count(); section++) {
                refused += fields(bytes, headers + section * 64, 64, 4, 4, 8, 8, 8, 8, 4, 4, 8, 8);
            }
            int symbols = object.sections().find(".symtab");
            for (long entry = 0; entry < object.sections().size(symbols); entry += 24) {
                refused += fields(bytes, object.start(symbols) + (int) entry, 24, 4, 1, 1, 2, 8, 8);
            }
            for (RelocationTable table : object.relocations()) {
                for (int entry = 0; entry < table.count(); entry += 5) {
                    refused += fields(bytes, object.start(table.section()) + entry * 24, 24, 8, 4, 4, 8);
                }
            }
        }
        assertThat(refused).isGreaterThan(5_000);
    }

    /** How many of the changed objects were refused; the others gave an image. */
    private static int fields(byte[] bytes, int start, int recordBytes, int... widths) {
        int refused = 0;
        int at = start;
        for (int width : widths) {
            for (long value : new long[] {0, 1, -1, 3, 0x7f, 1L << 31, Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, bytes.length,
                bytes.length - 1L, 1L << 40}) {
                byte[] changed = bytes.clone();
                put(changed, at, width, value);
                try {
                    image(changed);
                } catch (Refusal refusal) {
                    assertThat(refusal.getMessage()).startsWith("damaged.o: ");
                    refused++;
                } catch (Throwable thrown) {
                    fail("byte " + at + " of a record of " + recordBytes + " at " + start + ": " + value, thrown);
                }
            }
            at += width;
        }
        return refused;
    }

    private static void put(byte[] object, int offset, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            object[offset + i] = (byte) (value >> 8 * i);
        }
    }
}
