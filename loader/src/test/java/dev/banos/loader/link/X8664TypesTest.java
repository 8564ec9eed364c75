package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each relocation type of the x86-64 psABI, as the assembler writes it, has the value of the psABI's formula; and lld's. */
class X8664TypesTest {
    private static final long BASE = LldOracle.BASE;
    private static final long FUNCTION = 0x1234_5678L;
    @TempDir
    Path folder;
    private ElfObject object;
    private OfflineLink link;
    private ByteBuffer image;
    private final Map<String, Long> places = new HashMap<>();

    /** One type a line: the name, the bytes of its field, the symbol with its addend. */
    private static final List<String> FIELDS = List.of("64 8 target+5", "PC32 4 target-4", "GOT32 4 target", "PLT32 4 function-4",
            "GOTPCREL 4 target-4", "32 4 target+1", "32S 4 target-1", "16 2 small", "PC16 2 near", "8 1 small+3", "PC8 1 near",
            "PC64 8 target", "GOTOFF64 8 target+2", "GOTPC32 4 _GLOBAL_OFFSET_TABLE_+4", "GOT64 8 target",
            "GOTPC64 8 _GLOBAL_OFFSET_TABLE_", "GOTPCREL64 8 target", "GOTPLT64 8 function", "PLTOFF64 8 function",
            "SIZE32 4 target+1", "SIZE64 8 target-2");

    @BeforeEach
    void assemble() throws Exception {
        link(file(FIELDS));
    }

    private Path file(List<String> fields) throws Exception {
        CCompiler.requireProgram("gcc");
        StringBuilder source = new StringBuilder("""
                .globl target, function
                .set small, 100
                .data
                .balign 8
                .space 16
                target: .quad 1, 2, 3
                .size target, 24
                .section .fields, "aw"
                near:
                """);
        for (String field : fields) {
            String[] parts = field.split(" ");
            source.append("at_").append(parts[0]).append(": .reloc ., R_X86_64_").append(parts[0]).append(", ").append(parts[2])
                    .append("\n.space ").append(parts[1]).append('\n');
        }
        Path output = folder.resolve("types.o");
        CCompiler.run(List.of("gcc", "-c", "-o", output.toString(), Files.writeString(folder.resolve("types.s"), source).toString()));
        return output;
    }

    private void link(Path file) throws Exception {
        object = ObjectReader.read(Files.readAllBytes(file), "types.o");
        link = OfflineLink.link(object, BASE, name -> name.equals("function") ? FUNCTION : 0, false);
        image = ByteBuffer.wrap(link.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (OfflineLink.Part part : link.sections()) {
            places.put(part.name(), part.address());
        }
    }

    private long target() {
        return places.get(".data") + 16;
    }

    private long place(String type) {
        int symbol = 1;
        while (!object.symbols().isNamed(symbol, "at_" + type)) {
            symbol++;
        }
        return places.get(".fields") + object.symbols().value(symbol);
    }

    private long field(String type, int bytes) {
        int at = (int) (place(type) - BASE);
        return switch (bytes) {
            case 1 -> image.get(at);
            case 2 -> image.getShort(at);
            case 4 -> image.getInt(at);
            default -> image.getLong(at);
        };
    }

    private long word(long address) {
        return image.getLong((int) (address - BASE));
    }

    @ParameterizedTest
    @CsvSource({"64,8,5", "32,4,1", "32S,4,-1"})
    void absoluteOnes(String type, int bytes, int addend) {
        assertThat(field(type, bytes)).isEqualTo(target() + addend);
    }

    @ParameterizedTest
    @CsvSource({"PC32,4,-4", "PC64,8,0"})
    void distances(String type, int bytes, int addend) {
        assertThat(field(type, bytes)).isEqualTo(target() + addend - place(type));
    }

    @Test
    void shortOnes() {
        assertThat(field("16", 2)).isEqualTo(100);
        assertThat(field("8", 1)).isEqualTo(103);
        assertThat(field("PC16", 2)).isEqualTo(places.get(".fields") - place("PC16"));
        assertThat(field("PC8", 1)).isEqualTo(places.get(".fields") - place("PC8"));
        assertThat(field("PLT32", 4)).isEqualTo(FUNCTION - 4 - place("PLT32"));
    }

    @Test
    void sizes() {
        assertThat(field("SIZE32", 4)).isEqualTo(25);
        assertThat(field("SIZE64", 8)).isEqualTo(22);
    }

    @Test
    void entriesOfTheTable() {
        long table = place("GOTPC64") + field("GOTPC64", 8);
        assertThat(place("GOTPC32") + field("GOTPC32", 4) - 4).isEqualTo(table);
        assertThat(table + field("GOTOFF64", 8)).isEqualTo(target() + 2);
        assertThat(word(table + field("GOT32", 4))).isEqualTo(target());
        assertThat(word(table + field("GOT64", 8))).isEqualTo(target());
        assertThat(word(table + field("GOTPLT64", 8))).isEqualTo(FUNCTION);
        assertThat(word(place("GOTPCREL64") + field("GOTPCREL64", 8))).isEqualTo(target());
        assertThat(word(place("GOTPCREL") + field("GOTPCREL", 4) + 4)).isEqualTo(target());
        long stub = table + field("PLTOFF64", 8); // jmp *entry(%rip)
        int at = (int) (stub - BASE);
        assertThat(image.getShort(at)).isEqualTo((short) 0x25ff);
        assertThat(word(stub + 6 + image.getInt(at + 2))).isEqualTo(FUNCTION);
    }

    /** lld knows all but two of them. */
    @Test
    void areThoseOfLld() throws Exception {
        LldOracle oracle = new LldOracle(folder);
        List<String> known = FIELDS.stream().filter(field -> !field.startsWith("GOTPCREL64") && !field.startsWith("GOTPLT64")).toList();
        assertThat(oracle.differences(Files.readAllBytes(file(known)), "types.o")).isEmpty();
        assertThat(oracle.comparedBytes()).isGreaterThan(60);
    }

    /** Loads with a REX2 prefix, which newer assemblers write: nothing is rewritten, the entry is found. */
    @ParameterizedTest
    @CsvSource({"43, -4", "44, -4"})
    void loadsWithAPrefixOfFourBytesFindTheirEntry(int type, int addend) throws Exception {
        byte[] bytes = Files.readAllBytes(file(List.of("GOTPCREL 4 target-4")));
        ElfObject parsed = ObjectReader.read(bytes, "x.o");
        RelocationTable table = parsed.relocationsOf(parsed.sections().find(".fields"));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(parsed.start(table.section()) + 8, type);
        if (type == 43) {
            Path changed = Files.write(folder.resolve("changed.o"), bytes);
            link(changed);
            assertThat(word(place("GOTPCREL") + field("GOTPCREL", 4) - addend)).isEqualTo(target());
        } else {
            assertThat(Architecture.of(parsed.machine()).kind(type)).isEqualTo(FixupKind.TLS_DISTANCE_GOT_DELTA32);
        }
    }
}
