package dev.banos.loader.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.lang.foreign.StructLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged type information is read or refused, whatever its bytes are; and so is all that is asked of what was read. */
class DamagedTypesTest {
    private static final long SEED = 4_19;

    @TempDir
    Path folder;

    @ParameterizedTest
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    @ValueSource(strings = {"gcc -gbtf -O2", "gcc -g -O2", "gcc -gdwarf-4", "gcc -g -gz", "clang -w -g", "clang -w -gdwarf-4"})
    void isReadOrRefused(String command) throws IOException {
        readMany(command, 800, SEED);
    }

    @Tag("campaign")
    @ParameterizedTest
    @ValueSource(strings = {"gcc -gbtf -O2", "gcc -g -O2", "gcc -gdwarf-4", "gcc -g -gz", "clang -w -g", "clang -w -gdwarf-4"})
    void isReadOrRefusedByTheHundredThousand(String command) throws IOException {
        readMany(command, 100_000, new Random().nextLong());
    }

    private void readMany(String command, int rounds, long seed) throws IOException {
        String[] words = command.split(" ");
        byte[] whole = Files.readAllBytes(CCompiler.object(folder, "typed.c", words[0], Arrays.copyOfRange(words, 1, words.length)));
        List<int[]> places = places(ObjectReader.read(whole, "whole.o"));
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            byte[] damaged = damage(whole.clone(), places, random);
            try {
                askEverything(ObjectTypes.read(ObjectReader.read(damaged, "damaged.o")));
            } catch (Refusal refusal) {
                assertThat(refusal.getMessage()).startsWith("damaged.o: ");
                refused++;
            } catch (Throwable thrown) {
                fail("round " + round + " of seed " + seed + " and " + command, thrown);
            }
        }
        assertThat(refused).isGreaterThan(rounds / 20);
    }

    /** Each number of a struct's description becomes each type in turn: among them, its own bit-field and its own member. */
    @Test
    void aStructThatHoldsItselfIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(CCompiler.text(folder, "itself",
                "struct s { unsigned a : 3; int b; }; int f(struct s *s) { return s->a + s->b; }", "-gbtf"));
        int[] place = places(ObjectReader.read(whole, "whole.o")).getFirst();
        List<String> messages = new ArrayList<>();
        for (int at = place[0]; at + Integer.BYTES <= place[0] + place[1]; at += Integer.BYTES) {
            for (int type = 1; type < 8; type++) {
                byte[] damaged = whole.clone();
                ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(at, type);
                try {
                    TypeTable table = ObjectTypes.read(ObjectReader.read(damaged, "damaged.o"));
                    askEverything(table);
                    Layouts.of(table, table.named("struct s"));
                } catch (Refusal refusal) {
                    messages.add(refusal.getMessage());
                }
            }
        }
        assertThat(messages).filteredOn(message -> message.contains("hold one another more than")).hasSizeGreaterThan(1);
    }

    /** The struct's size among them: what lies behind its bit-fields is filled with integers, of which there shall not be a thousand million. */
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void aHugeStructWithBitFieldsIsASmallLayout() throws IOException {
        byte[] whole = Files.readAllBytes(CCompiler.text(folder, "huge",
                "struct s { unsigned a : 3; int b; unsigned c : 5; }; int f(struct s *s) { return s->a + s->b; }", "-gbtf"));
        int[] place = places(ObjectReader.read(whole, "whole.o")).getFirst();
        List<Long> sizes = new ArrayList<>();
        for (int at = place[0]; at + Integer.BYTES <= place[0] + place[1]; at += Integer.BYTES) {
            byte[] damaged = whole.clone();
            ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN).putInt(at, Integer.MAX_VALUE - 3);
            try {
                TypeTable table = ObjectTypes.read(ObjectReader.read(damaged, "damaged.o"));
                StructLayout layout = (StructLayout) Layouts.of(table, table.named("struct s"));
                assertThat(layout.memberLayouts()).hasSizeLessThan(40);
                sizes.add(layout.byteSize());
            } catch (Refusal refusal) {
                assertThat(refusal.getMessage()).startsWith("damaged.o: ");
            }
        }
        assertThat(sizes).contains((long) Integer.MAX_VALUE - 3);
    }

    /** Where the sections of type information begin and end, and the relocations of them. */
    private static List<int[]> places(ElfObject object) {
        List<int[]> places = new ArrayList<>();
        for (int section = 1; section < object.sections().count(); section++) {
            String name = object.sections().name(section);
            if (name.equals(".BTF") || name.matches("(\\.rela)?\\.debug_(info|abbrev|str|str_offsets)")) {
                places.add(new int[] {object.start(section), (int) object.sections().size(section)});
            }
        }
        return places;
    }

    private static byte[] damage(byte[] bytes, List<int[]> places, Random random) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int[] place = places.get(random.nextInt(places.size()));
            int at = place[0] + random.nextInt(Math.max(1, place[1] - Integer.BYTES));
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
                case 2 -> buffer.putInt(at, random.nextInt(200));
                case 3 -> buffer.putInt(at, random.nextInt());
                default -> System.arraycopy(bytes, place[0] + random.nextInt(Math.max(1, place[1] - 16)), bytes, at,
                        Math.min(16, place[0] + place[1] - at));
            }
        }
        return bytes;
    }

    private static void askEverything(TypeTable table) {
        for (int number = 0; number < table.count(); number++) {
            assertThat(Declarations.declare(table, number, "it")).isNotNull();
            try {
                if (table.type(number) instanceof Type.Function function) {
                    assertThat(Layouts.descriptor(table, function)).isNotNull();
                } else {
                    assertThat(Layouts.of(table, number)).isNotNull();
                }
            } catch (Refusal refusal) {
                assertThat(refusal.getMessage()).startsWith("damaged.o: ");
            }
        }
    }
}
