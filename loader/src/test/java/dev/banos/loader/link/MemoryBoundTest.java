package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import dev.banos.loader.Damage;
import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What bytes cost before they are refused, or linked: memory of Java's heap by the size of the file, and of the process by the
 * zeroed memory besides that the file declares. Only alignments may leave more empty, up to a limit of their own.
 */
class MemoryBoundTest {
    /** The tables as they are read, what the phases note of each symbol, the names, the image. */
    private static final long HEAP_PER_BYTE = 16;
    /** An entry of each table for each symbol. */
    private static final long MAPPED_PER_BYTE = 4;
    /** For the exception and, of the first of its kind, the classes that make its message. */
    private static final long SMALL_CHANGE = 1 << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir
    static Path folder;
    private static List<byte[]> wellFormed;

    /** The least that there is left of each allowance. */
    private double worstHeap;
    private double worstMapped;

    @BeforeAll
    static void compile() throws IOException {
        wellFormed = WellFormedObjects.compile(folder);
        Random random = new Random(1);
        for (int round = 0; round < 1_000; round++) { // classes that load cost memory, too, and so does what makes messages
            byte[] bytes = Damage.to(wellFormed.get(round % wellFormed.size()).clone(), random);
            catchThrowableOfType(Refusal.class, () -> WellFormedObjects.image(bytes, "damaged.o"));
        }
    }

    @Test
    void ofDamagedObjects() {
        damage(4_000, 20_26);
    }

    @Test
    @Tag("campaign")
    void ofDamagedObjectsByTheHundredThousand() {
        damage(300_000, new Random().nextLong());
        System.out.printf("heap: at most %.3f of the allowance; mapped: at most %.3f%n", worstHeap, worstMapped);
    }

    private void damage(int rounds, long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < rounds; round++) {
            byte[] bytes = Damage.to(wellFormed.get(round % wellFormed.size()).clone(), random);
            String which = "round " + round + " of seed " + seed;
            requireBounded(bytes.length, WellFormedObjects.padding(bytes, "damaged.o"), () -> WellFormedObjects.image(bytes, "damaged.o"),
                    which);
            requireMapped(bytes, which);
        }
    }

    private void requireBounded(long length, long padding, Supplier<?> work, String which) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        catchThrowableOfType(Refusal.class, work::get);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        long allowed = HEAP_PER_BYTE * length + padding + SMALL_CHANGE;
        assertThat(allocated).as(which).isLessThanOrEqualTo(allowed);
        worstHeap = Math.max(worstHeap, (double) allocated / allowed);
    }

    private void requireMapped(byte[] bytes, String which) {
        try {
            long footprint = WellFormedObjects.footprint(bytes, "damaged.o");
            long allowed = MAPPED_PER_BYTE * bytes.length + WellFormedObjects.declaredZeroes(bytes, "damaged.o")
                    + WellFormedObjects.padding(bytes, "damaged.o");
            assertThat(footprint).as(which).isLessThanOrEqualTo(allowed);
            worstMapped = Math.max(worstMapped, (double) footprint / allowed);
        } catch (Refusal nothingIsMapped) {
            assertThat(nothingIsMapped).hasMessageStartingWith("damaged.o: ");
        }
    }

    /** Small files that ask for much work: each is a megabyte or so, and each kind has many of one thing. */
    enum Hostile {
        /** Section headers that all have the same long name. */
        SECTIONS_OF_ONE_NAME {
            @Override
            byte[] bytes() {
                return new HandmadeObject("n".repeat(500_000)).sections(8_000, 1, 1).bytes();
            }
        },
        /** Undefined symbols that all have the same long name. */
        SYMBOLS_OF_ONE_NAME {
            @Override
            byte[] bytes() {
                return new HandmadeObject("n".repeat(500_000)).symbols(20_000, 1, 0).bytes();
            }
        },
        /** Names that are each other's ends. */
        SYMBOLS_WITH_SHARED_ENDS {
            @Override
            byte[] bytes() {
                return new HandmadeObject("n".repeat(200_000)).symbols(40_000, 1, 4).bytes();
            }
        },
        /** Bytes that are no characters, each of which becomes one of two bytes. */
        SYMBOLS_OF_NO_CHARACTERS {
            @Override
            byte[] bytes() {
                return new HandmadeObject("\u00ff".repeat(1_000_000)).symbols(7, 1, 0).bytes();
            }
        },
        /** A message may not name all that is missing. */
        MISSING_SYMBOLS {
            @Override
            byte[] bytes() {
                return new HandmadeObject("n".repeat(1_000_000)).symbols(7, 1, 1).relocations(7).bytes();
            }
        },
        /** Sections at the largest alignment: sixty of them, and a module would be a gigabyte. */
        ALIGNMENTS {
            @Override
            byte[] bytes() {
                return new HandmadeObject("d").sections(60, 1, 1 << 24).bytes();
            }
        },
        /** Symbols that ask where sections begin that are not there, among as many sections. */
        BOUNDS_OF_SECTIONS {
            @Override
            byte[] bytes() {
                return new HandmadeObject("__start_nowhere").sections(8_000, 9, 1).symbols(20_000, 1, 0).bytes();
            }
        };

        abstract byte[] bytes();
    }

    @ParameterizedTest
    @EnumSource
    void ofHostileObjects(Hostile hostile) {
        byte[] bytes = hostile.bytes();
        Imports imports = name -> hostile == Hostile.MISSING_SYMBOLS ? 0 : WellFormedObjects.FAR;
        requireBounded(bytes.length, WellFormedObjects.padding(bytes, "damaged.o"), () -> WellFormedObjects.image(bytes, "damaged.o", imports),
                hostile.name());
        requireMapped(bytes, hostile.name());
    }

    @Test
    void aMessageNamesWhatIsMissingButNotAllOfIt() {
        byte[] few = new HandmadeObject("abcdef").symbols(3, 1, 1).relocations(3).bytes();
        assertThatThrownBy(() -> WellFormedObjects.image(few, "few.o", name -> 0)).hasMessageContaining("missing imports: abcdef, bcdef, cdef;");
        byte[] many = new HandmadeObject("n".repeat(800)).symbols(800, 1, 1).relocations(800).bytes();
        assertThatThrownBy(() -> WellFormedObjects.image(many, "many.o", name -> 0)).satisfies(refused ->
                assertThat(refused.getMessage()).hasSizeLessThan(70_000).containsPattern("nnn, nnn.* and [0-9]{3} more;"));
        byte[] large = new HandmadeObject("n".repeat(2_000)).symbols(2, 1, 1).relocations(2).bytes();
        assertThatThrownBy(() -> WellFormedObjects.image(large, "large.o", name -> 0)).satisfies(refused ->
                assertThat(refused.getMessage()).hasSizeLessThan(2_500).contains("nnn…, nnn"));
    }

    @Test
    void theHandmadeObjectIsWellFormed() {
        byte[] bytes = new HandmadeObject("name").sections(3, 1, 64).symbols(5, 1, 0).bytes();
        assertThat(WellFormedObjects.image(bytes, "x.o").bytes()).hasSizeGreaterThan(64);
    }

    /** Members that all have one name of the table of long names. */
    @Test
    void ofArchivesWhoseMembersShareAName() {
        StringBuilder archive = new StringBuilder("!<arch>\n");
        archive.append(header("//", 300_000)).append("n".repeat(299_998)).append("/\n");
        for (int i = 0; i < 5_000; i++) {
            archive.append(header("/0", 0));
        }
        byte[] bytes = archive.toString().getBytes(StandardCharsets.US_ASCII);
        requireBounded(bytes.length, 0, () -> Archive.read(bytes, "hostile.a"), "shared name");
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> Archive.read(bytes, "hostile.a"));
        assertThat(refusal).hasMessageContaining("longer together than the file");
    }

    private static String header(String name, int size) {
        return String.format("%-16s%-12s%-6s%-6s%-8s%-10d`\n", name, "0", "0", "0", "100644", size);
    }
}
