package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.elf.SectionTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * lld links the same object with the same sections at the same addresses: no byte differs, other than the fields that hold the
 * distance to a GOT entry, of which each linker has its own.
 */
class OfflineOracleTest {
    private static final long BASE = 0x1000_0000L;
    private static final Set<Integer> GOT_TYPES = Set.of(3, 9, 22, 25, 26, 27, 28, 29, 30, 31, 41, 42, 309, 311, 312, 541, 542);
    private static final Pattern PART = Pattern.compile(
            "\\{\"index\":(\\d+),\"name\":\"([^\"]*)\",\"address\":(\\d+),\"size\":(\\d+)\\}");
    private static final Pattern IMPORT = Pattern.compile("\\{\"name\":\"([^\"]*)\",\"address\":(\\d+)\\}");
    private static final Pattern COMMON = Pattern.compile("\"symbol\":\\d+,\"name\":\"([^\"]*)\",\"address\":(\\d+)");

    @TempDir
    Path folder;
    private long comparedBytes;

    @BeforeEach
    void needsLld() {
        CCompiler.requireProgram("ld.lld");
    }

    @ParameterizedTest
    @CsvSource({"everything.c,gcc,-O2", "everything.c,gcc,-O0 -g", "everything.c,gcc,-O2 -fPIC", "everything.c,gcc,-O2 -fno-pic",
        "everything.c,gcc,-O2 -fPIC -fno-plt", "everything.c,clang,-O2 -fPIC", "everything.c,clang,-O1 -fno-pic",
        "everything.c,gcc,-O2 -ffunction-sections -fdata-sections", "everything.c,gcc,-O2 -fcommon"})
    void compiledObjects(String source, String compiler, String flags) throws IOException {
        Path file = CCompiler.object(folder, source, compiler, flags.split(" "));
        assertThat(differences(Files.readAllBytes(file), file.toString())).isEmpty();
        assertThat(comparedBytes).isGreaterThan(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-O2", "-O0", "-O2 -fPIC", "-O1 -ffunction-sections", "-O2 -mcmodel=large"})
    void objectsForAarch64(String flags) throws IOException {
        Path file = CCompiler.object(folder, "freestanding.c", "clang",
                ("--target=aarch64-linux-gnu -ffreestanding -ftls-model=initial-exec " + flags).split(" "));
        assertThat(differences(Files.readAllBytes(file), file.toString())).isEmpty();
        assertThat(comparedBytes).isGreaterThan(500);
    }

    /** Of each library the first members; the campaign takes all. */
    @ParameterizedTest
    @ValueSource(strings = {"libz.a", "liblua5.4.a", "libexpat.a", "libsqlite3.a"})
    void membersOfRealLibraries(String library) throws IOException {
        assertThat(membersThatDiffer(library, 12)).isEmpty();
        assertThat(comparedBytes).isGreaterThan(10_000);
    }

    @ParameterizedTest
    @Tag("campaign")
    @ValueSource(strings = {"libz.a", "liblua5.4.a", "libexpat.a", "libsqlite3.a", "libzstd.a", "libcrypto.a", "libre2.a",
        "libsnappy.a", "libpcre2-8.a", "liblz4.a", "libm-2.36.a", "libc.a", "libX11.a", "libxml2.a", "libicuuc.a", "libgmp.a"})
    void allMembersOfRealLibraries(String library) throws IOException {
        assertThat(membersThatDiffer(library, Integer.MAX_VALUE)).isEmpty();
    }

    private Map<String, String> membersThatDiffer(String library, int limit) throws IOException {
        Path archive = Path.of("/usr/lib/x86_64-linux-gnu", library);
        assumeTrue(Files.exists(archive), () -> "skipped: " + library + " is not installed");
        CCompiler.requireProgram("ar");
        CCompiler.run(List.of("ar", "x", "--output=" + folder, archive.toString()));
        Map<String, String> wrong = new TreeMap<>();
        try (var files = Files.list(folder)) {
            // libc's start code uses symbols that lld defines itself.
            for (Path file : files.filter(path -> path.toString().matches(".*(?<!libc-start)\\.o")).sorted().limit(limit).toList()) {
                List<String> differences;
                try {
                    differences = differences(Files.readAllBytes(file), file.getFileName().toString());
                } catch (LinkException refused) {
                    differences = refused.getMessage().contains("thread-local") || refused.getMessage().contains("TPOFF")
                            || refused.getMessage().contains("TLS") ? List.of() : List.of(refused.getMessage());
                }
                if (!differences.isEmpty()) {
                    wrong.put(file.getFileName().toString(), differences.toString());
                }
            }
        }
        return wrong;
    }

    private List<String> differences(byte[] bytes, String name) throws IOException {
        ElfObject object = ObjectReader.read(bytes, name);
        if (!uniqueNames(object) || hasIndirect(object)) {
            return List.of(); // a linker script cannot place them one by one; lld routes such calls its own way
        }
        OfflineLinker.Linked ours = OfflineLinker.at(BASE).phonyImports().link(bytes, name);
        String map = ours.mapJson();
        return compare(object, ours.bytes(), map, Program.read(lld(object, bytes, map)));
    }

    private static boolean uniqueNames(ElfObject object) {
        Set<String> names = new HashSet<>();
        SectionTable sections = object.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.isAllocated(section) && sections.size(section) > 0 && !names.add(sections.name(section))) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasIndirect(ElfObject object) {
        for (int symbol = 1; symbol < object.symbols().count(); symbol++) {
            if (object.symbols().type(symbol) == Elf.STT_GNU_IFUNC) {
                return true;
            }
        }
        return false;
    }

    private byte[] lld(ElfObject object, byte[] bytes, String map) throws IOException {
        Path input = Files.write(folder.resolve("input.obj"), bytes);
        StringBuilder script = new StringBuilder("SECTIONS {\n");
        TreeMap<Long, String> placed = new TreeMap<>();
        for (Matcher part = PART.matcher(map); part.find();) {
            if (!part.group(4).equals("0")) {
                placed.put(Long.parseLong(part.group(3)), part.group(2));
            }
        }
        placed.forEach((address, section) -> script.append(String.format("%s 0x%x : { *(%s) }%n", section, address, section)));
        script.append("}\n");
        for (Matcher symbol = IMPORT.matcher(map); symbol.find();) {
            script.append(String.format("%s = %s;%n", symbol.group(1), symbol.group(2)));
        }
        for (Matcher symbol = COMMON.matcher(map); symbol.find();) {
            script.append(String.format("%s = %s;%n", symbol.group(1), symbol.group(2)));
        }
        Path output = folder.resolve("output.elf");
        Files.deleteIfExists(output);
        List<String> command = List.of("ld.lld", "-O0", "-static", "--no-gc-sections", "-z", "norelro", object.machine() == Elf.EM_AARCH64 ? "--no-relax" : "--relax", "--no-check-sections",
                "--unresolved-symbols=ignore-all", "-e", "0", "-T", Files.writeString(folder.resolve("script.ld"), script).toString(),
                "-o", output.toString(), input.toString());
        CCompiler.run(command);
        return Files.readAllBytes(output);
    }

    /** The sections of a linked program, by name. */
    private record Program(byte[] bytes, Map<String, long[]> sections) {
        static Program read(byte[] bytes) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int headers = (int) buffer.getLong(40);
            int names = (int) buffer.getLong(headers + buffer.getShort(62) * 64 + 24);
            Map<String, long[]> sections = new TreeMap<>();
            for (int i = 0; i < buffer.getShort(60); i++) {
                int header = headers + i * 64;
                int start = names + buffer.getInt(header);
                int end = start;
                while (bytes[end] != 0) {
                    end++;
                }
                sections.put(new String(bytes, start, end - start),
                        new long[] {buffer.getLong(header + 16), buffer.getLong(header + 24), buffer.getLong(header + 32)});
            }
            return new Program(bytes, sections);
        }
    }

    private List<String> compare(ElfObject object, byte[] ours, String map, Program program) {
        List<String> differences = new ArrayList<>();
        for (Matcher part = PART.matcher(map); part.find();) {
            int section = Integer.parseInt(part.group(1));
            String name = part.group(2);
            int start = (int) (Long.parseLong(part.group(3)) - BASE);
            long[] theirs = program.sections().get(name);
            if (object.sections().size(section) == 0 || !object.sections().hasBytes(section) || name.equals(".eh_frame")) {
                continue; // lld writes unwind tables anew
            }
            assertThat(theirs).as("lld's section %s", name).isNotNull();
            assertThat(theirs[0]).as(name).isEqualTo(BASE + start);
            BitSet own = ownFields(object, section);
            comparedBytes += object.sections().size(section);
            for (int i = 0; i < object.sections().size(section) && differences.size() < 5; i++) {
                if (ours[start + i] != program.bytes()[(int) theirs[1] + i] && !own.get(i)) {
                    differences.add(String.format("%s+0x%x: %02x, lld %02x", name, i, ours[start + i],
                            program.bytes()[(int) theirs[1] + i]));
                }
            }
        }
        return differences;
    }

    private static BitSet ownFields(ElfObject object, int section) {
        BitSet own = new BitSet();
        RelocationTable table = object.relocationsOf(section);
        for (int entry = 0; table != null && entry < table.count(); entry++) {
            if (GOT_TYPES.contains(table.type(entry))) {
                own.set((int) table.offset(entry), (int) table.offset(entry) + 4);
            }
        }
        return own;
    }
}
