package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.banos.loader.CCompiler;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.Prototype;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the census of Debian's objects shows to occur, though seldom: many sections, long names, large alignments, any order. */
class UnusualObjectsTest {
    private static final int SECTION_HEADER_BYTES = 64;
    @TempDir
    Path folder;

    /** What is no object any more, or never was, is told as what it is. */
    @Test
    void whatToolsMakeOfObjectsIsRefusedWithTheCause() throws IOException {
        CCompiler.requireProgram("objcopy");
        Path object = CCompiler.object(folder, "everything.c", "gcc", "-O2", "-g");
        Path debug = folder.resolve("debug.o");
        CCompiler.run(List.of("objcopy", "--only-keep-debug", object.toString(), debug.toString()));
        assertThatThrownBy(() -> ObjectReader.read(Files.readAllBytes(debug), "debug.o")).isInstanceOf(Refusal.class)
                .hasMessageContaining(", which has no bytes in the file; if this is what objcopy --only-keep-debug made, take the object that"
                        + " it is of");
        Path relative = folder.resolve("relative.o");
        CCompiler.run(List.of("gcc", "-c", "-o", relative.toString(), Files.writeString(folder.resolve("relative.s"),
                ".section .relr.dyn,\"a\",@0x13\n.quad 16\n").toString()));
        assertThatThrownBy(() -> ObjectReader.read(Files.readAllBytes(relative), "relative.o")).isInstanceOf(Refusal.class)
                .hasMessageContaining("section .relr.dyn").hasMessageContaining("(RELR), which only finished programs and libraries have");
    }

    /** Sections of one name that __start_ and __stop_ enclose stand together, also where each is bound to another (SHF_LINK_ORDER). */
    @ParameterizedTest
    @CsvSource({"clang-19,-O2 -fsanitize=address", "clang-19,-O2 -fprofile-generate", "clang-19,-O2 -fpatchable-function-entry=5",
        "clang-19,-O2 -fsanitize-coverage=inline-8bit-counters",
        "clang-19,-O2 -ffunction-sections -fsanitize-coverage=trace-pc-guard,pc-table", "clang-19,-O2 --target=aarch64-linux-gnu -fsanitize=hwaddress"})
    void instrumentedObjectsAreLinkedAsLldLinksThem(String compiler, String flags) throws IOException {
        Path file = CCompiler.object(folder, "instrumented.c", compiler, flags.split(" "));
        assertThat(new LldOracle(folder).differences(Files.readAllBytes(file), "instrumented.o")).isEmpty();
    }

    /** The generic ABI: sections of one name lie in the order of those that they are bound to, in whatever order the file has them. */
    @Test
    void boundSectionsLieInTheOrderOfWhatTheyAreBoundTo() throws IOException {
        CCompiler.requireProgram("gcc");
        String source = """
                .section .text.b,"ax"; nop
                .section .text.a,"ax"; nop
                .section .data.x,"aw"; .quad 7
                .section meta,"ao",@progbits,.data.x; .quad 3
                .section meta,"ao",@progbits,.text.a; .quad 2
                .section meta,"a"; .quad 4
                .section meta,"ao",@progbits,.text.b; .quad 1
                .section .text.c,"ax"; nop
                .section other,"ao",@progbits,.text.c; .quad 8
                .section other,"ao",@progbits,meta; .quad 9
                .data; .quad __start_meta, __stop_meta, __start_other, __stop_other
                """.replace("; ", "\n");
        Path file = folder.resolve("bound.o");
        CCompiler.run(List.of("gcc", "-c", "-o", file.toString(), Files.writeString(folder.resolve("bound.s"), source).toString()));
        byte[] bytes = Files.readAllBytes(file);
        OfflineLink link = OfflineLink.link(ObjectReader.read(bytes, "bound.o"), LldOracle.BASE, name -> 0, false);
        ByteBuffer image = ByteBuffer.wrap(link.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        List<Long> values = new ArrayList<>();
        link.sections().stream().filter(part -> part.name().equals("meta")).sorted(Comparator.comparingLong(OfflineLink.Part::address))
                .forEach(part -> values.add(image.getLong((int) (part.address() - LldOracle.BASE))));
        assertThat(values).containsExactly(1L, 2L, 3L, 4L);
        assertThat(new LldOracle(folder).differences(bytes, "bound.o")).isEmpty();
    }

    /** From 65,280 sections on, their numbers stand in tables of their own; the census has an object of 34,594. */
    @ParameterizedTest
    @ValueSource(ints = {34_600, 70_000})
    void objectsHaveAnyNumberOfSections(int count) throws IOException {
        CCompiler.requireProgram("gcc");
        StringBuilder source = new StringBuilder();
        for (int i = 0; i < count; i++) {
            source.append(".section .data.v").append(i).append(",\"aw\"\n.globl v").append(i).append("\nv").append(i)
                    .append(": .long ").append(i).append(", v").append((i + 1) % count).append(" - .\n");
        }
        Path file = folder.resolve("many.o");
        CCompiler.run(List.of("gcc", "-c", "-o", file.toString(), Files.writeString(folder.resolve("many.s"), source).toString()));
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), "many.o");
        assertThat(object.sections().count()).isGreaterThan(count);
        OfflineLink link = OfflineLink.link(object, LldOracle.BASE, name -> 0, false);
        ByteBuffer image = ByteBuffer.wrap(link.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int checked = 0;
        for (int symbol = object.symbols().firstGlobal(); symbol < object.symbols().count(); symbol++) {
            int number = Integer.parseInt(object.symbols().name(symbol).substring(1));
            int section = object.symbols().section(symbol);
            assertThat(object.sections().name(section)).isEqualTo(".data.v" + number);
            checked++;
        }
        for (OfflineLink.Part part : link.sections()) {
            if (part.name().startsWith(".data.v")) { // each knows its own number, and the way to the next
                int at = (int) (part.address() - LldOracle.BASE);
                int number = Integer.parseInt(part.name().substring(7));
                assertThat(image.getInt(at)).isEqualTo(number);
                assertThat(image.getInt(at + 4 + image.getInt(at + 4))).isEqualTo((number + 1) % count);
            }
        }
        assertThat(checked).isEqualTo(count);
    }

    @OnX8664
    @Test
    void namesHaveAnyLength() {
        String name = "n".repeat(950);
        Path one = CCompiler.text(folder, "one", "int " + name + "(int x) { return x + 3; }");
        Path two = CCompiler.text(folder, "two", "int " + name + "(int); int f(int x) { return 2 * " + name + "(x); }");
        try (LinkedLibrary library = link(one, two)) {
            assertThat(Prototype.parse("int f(int)").call(library, List.of("4"))).isEqualTo("14");
            assertThat(library.symbol(name).address()).isNotZero();
        }
    }

    @OnX8664
    @Test
    void alignmentsUpTo32768AreKept() throws Exception {
        Path file = CCompiler.text(folder, "aligned", """
                __attribute__((aligned(32768))) char page[3] = "ab";
                __attribute__((aligned(4096))) static char zeroes[5];
                __attribute__((aligned(512))) int code(void) { return zeroes[2] + page[0]; }
                char *zero(void) { return zeroes; }
                __attribute__((aligned(16384))) const int table[] = { 1, 2 };
                """);
        try (LinkedLibrary library = link(file)) {
            assertThat(library.symbol("page").address() % 32_768).isZero();
            assertThat(library.symbol("table").address() % 16_384).isZero();
            assertThat(library.symbol("code").address() % 512).isZero();
            assertThat(Prototype.parse("int code(void)").call(library, List.of())).isEqualTo("97");
        }
        assertThat(new LldOracle(folder).differences(Files.readAllBytes(file), "aligned.o")).isEmpty();
    }

    /** Of a thread's block, too; the alignment costs addresses, and no memory of the loader's. */
    @OnX8664
    @ParameterizedTest
    @ValueSource(strings = {"", "= 5"})
    void threadLocalVariablesAreAlignedAsFarAsTheyWant(String value) throws IOException {
        byte[] bytes = Files.readAllBytes(CCompiler.text(folder, "tls", """
                _Thread_local int own %s;
                void *address(void) { return &own; }
                int get(void) { return own; }
                """.formatted(value), "-fPIC"));
        ElfObject object = ObjectReader.read(bytes, "tls.o");
        int section = object.sections().find(value.isEmpty() ? ".tbss" : ".tdata");
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putLong((int) buffer.getLong(40) + section * SECTION_HEADER_BYTES + 48, 1 << 24); // an assembler would make as large a file
        ObjectLinker.create(InstallPolicy.anyUser()).add(bytes, "tls.o").link().close(); // loads classes
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(bytes, "tls.o").link()) {
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1 << 20);
            String address = Prototype.parse("void *address(void)").call(library, List.of());
            assertThat(Long.decode(address) % (1 << 24)).as(address).isZero();
            assertThat(Prototype.parse("int get(void)").call(library, List.of())).isEqualTo(value.isEmpty() ? "0" : "5");
        }
    }

    private static LinkedLibrary link(Path... files) {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
        for (Path file : files) {
            linker.add(file);
        }
        return linker.link();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-O2", "-O2 -fPIC", "-O0"})
    void relocationsStandInAnyOrder(String flags) throws IOException {
        byte[] bytes = Files.readAllBytes(CCompiler.object(folder, "everything.c", "gcc", flags.split(" ")));
        ElfObject sorted = ObjectReader.read(bytes, "sorted.o");
        byte[] expected = OfflineLink.link(sorted, LldOracle.BASE, name -> 0, true).bytes();
        Random random = new Random(20_26);
        for (int round = 0; round < 5; round++) {
            byte[] shuffled = bytes.clone();
            for (RelocationTable table : sorted.relocations()) {
                shuffle(shuffled, sorted, table, random);
            }
            ElfObject object = ObjectReader.read(shuffled, "shuffled.o");
            assertThat(object.relocations().getFirst().words()).isNotEqualTo(sorted.relocations().getFirst().words());
            assertThat(OfflineLink.link(object, LldOracle.BASE, name -> 0, true).bytes()).isEqualTo(expected);
        }
    }

    /** Fisher and Yates, over the entries of 24 bytes in the file. */
    private static void shuffle(byte[] bytes, ElfObject object, RelocationTable table, Random random) {
        int start = object.start(table.section());
        int entryBytes = RelocationTable.WORDS * Long.BYTES;
        byte[] spare = new byte[entryBytes];
        for (int entry = table.count() - 1; entry > 0; entry--) {
            int one = start + entry * entryBytes;
            int other = start + random.nextInt(entry + 1) * entryBytes;
            System.arraycopy(bytes, one, spare, 0, entryBytes);
            System.arraycopy(bytes, other, bytes, one, entryBytes);
            System.arraycopy(spare, 0, bytes, other, entryBytes);
        }
    }

    @Test
    void sectionHeadersMayStandAnywhere() throws IOException {
        byte[] bytes = Files.readAllBytes(CCompiler.object(folder, "everything.c", "gcc", "-O2"));
        ByteBuffer old = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int table = (int) old.getLong(40);
        int size = old.getShort(60) * SECTION_HEADER_BYTES;
        ByteBuffer moved = ByteBuffer.allocate(bytes.length + 5 + size).order(ByteOrder.LITTLE_ENDIAN); // not aligned either
        moved.put(bytes).position(bytes.length + 5);
        moved.put(bytes, table, size).putLong(40, bytes.length + 5L);
        assertThat(OfflineLink.link(ObjectReader.read(moved.array(), "moved.o"), LldOracle.BASE, name -> 0, true).bytes())
                .isEqualTo(OfflineLink.link(ObjectReader.read(bytes, "x.o"), LldOracle.BASE, name -> 0, true).bytes());
    }
}
