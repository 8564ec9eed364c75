package dev.banos.loader.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.SectionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutlineAtomicsTest {
    @TempDir
    Path folder;

    /** The assembler's bytes of the same instructions by their names. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eachFunctionIsWhatAnAssemblerMakesOfIt(boolean large) throws IOException {
        CCompiler.requireProgram("aarch64-linux-gnu-gcc");
        List<String> names = OutlineAtomics.names();
        StringBuilder text = new StringBuilder(".arch armv8.1-a\n");
        for (String name : names) {
            String[] parts = name.substring(OutlineAtomics.PREFIX.length()).split("(?<=[a-z])(?=\\d)|(?<=\\d)_", 3);
            String operation = parts[0];
            int size = Integer.parseInt(parts[1]);
            String order = parts[2];
            text.append("9: ").append(large ? instruction(operation, size, order) : loop(operation, size, order));
            text.append("\nret\n.zero ").append(OutlineAtomics.BYTES).append(" - (. - 9b)\n");
        }
        Image image = Image.inHeap(names.size() * OutlineAtomics.BYTES, 0);
        OutlineAtomics.write(image, large);
        byte[] expected = code(CCompiler.compile(folder, "aarch64-linux-gnu-gcc", "atomics.s", text.toString()));
        for (int i = 0; i < names.size(); i++) {
            int from = i * OutlineAtomics.BYTES;
            assertThat(words(image.bytes(), from)).as(names.get(i)).isEqualTo(words(expected, from));
        }
    }

    @Test
    void noNameComesTwice() {
        assertThat(OutlineAtomics.names()).doesNotHaveDuplicates().hasSize(125)
                .contains("__aarch64_cas16_sync", "__aarch64_swp1_relax", "__aarch64_ldset8_acq_rel").doesNotContain("__aarch64_swp16_acq");
    }

    private static List<String> words(byte[] bytes, int from) {
        return IntStream.range(0, OutlineAtomics.BYTES / 4).mapToObj(word -> {
            int at = from + 4 * word;
            return String.format("%02x%02x%02x%02x", bytes[at + 3], bytes[at + 2], bytes[at + 1], bytes[at]);
        }).toList();
    }

    private static byte[] code(Path file) throws IOException {
        ElfObject object = ObjectReader.read(Files.readAllBytes(file), file.toString());
        SectionTable sections = object.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.name(section).equals(".text")) {
                return Arrays.copyOfRange(object.bytes(), object.start(section), object.start(section) + (int) sections.size(section));
            }
        }
        throw new AssertionError(file);
    }

    private static String instruction(String operation, int size, String order) {
        String suffix = (order.contains("acq") || order.equals("sync") ? "a" : "") + (order.contains("rel") && !order.equals("relax")
                || order.equals("sync") ? "l" : "");
        String width = size == 1 ? "b" : size == 2 ? "h" : "";
        String r = size == 8 ? "x" : "w";
        if (size == 16) {
            return "casp" + suffix + " x0, x1, x2, x3, [x4]";
        }
        return operation.equals("cas") ? "cas" + suffix + width + " " + r + "0, " + r + "1, [x2]"
                : operation + suffix + width + " " + r + "0, " + r + "0, [x1]";
    }

    private static String loop(String operation, int size, String order) {
        String load = order.startsWith("acq") ? "lda" : "ld";
        String store = order.equals("relax") || order.equals("acq") ? "st" : "stl";
        String width = size == 1 ? "b" : size == 2 ? "h" : "";
        String r = size == 8 ? "x" : "w";
        String loop;
        if (size == 16) {
            loop = "mov x16, x0; mov x17, x1; 1: LOADxp x0, x1, [x4]; cmp x0, x16; ccmp x1, x17, #0, eq; b.ne 2f;"
                    + "STORExp w15, x2, x3, [x4]; cbnz w15, 1b; 2:";
        } else if (operation.equals("cas")) {
            loop = (size == 1 ? "uxtb w16, w0" : size == 2 ? "uxth w16, w0" : "mov R16, R0") + "; 1: LOADxrW R0, [x2]; cmp R0, R16; b.ne 2f;"
                    + "STORExrW w17, R1, [x2]; cbnz w17, 1b; 2:";
        } else if (operation.equals("swp")) {
            loop = "mov x16, x0; 1: LOADxrW R0, [x1]; STORExrW w15, R16, [x1]; cbnz w15, 1b;";
        } else {
            String does = switch (operation) {
                case "ldadd" -> "add";
                case "ldclr" -> "bic";
                case "ldeor" -> "eor";
                default -> "orr";
            };
            loop = "mov x16, x0; 1: LOADxrW R0, [x1]; " + does + " R17, R0, R16; STORExrW w15, R17, [x1]; cbnz w15, 1b;";
        }
        return loop.replace("LOAD", load).replace("STORE", store).replace("W ", width + " ").replace("R", r)
                + (order.equals("sync") ? "\ndmb ish" : "");
    }
}
