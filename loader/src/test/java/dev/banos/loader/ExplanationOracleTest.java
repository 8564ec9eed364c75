package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of each byte of a module, held against what readelf says of the file. */
class ExplanationOracleTest {
    private static final Pattern SECTION = Pattern.compile(
            "\\[ *(\\d+)] (\\S+) +(\\S+) +[0-9a-f]{16} ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]{2} +([A-Za-z]*) +\\d+ +\\d+ +\\d+");
    private static final Pattern TABLE = Pattern.compile("Relocation section '\\.rela(\\S+)'");
    private static final Pattern RELOCATION = Pattern.compile(
            "^([0-9a-f]{16}) +[0-9a-f]{16} (R_X86_64_\\w+) +(?:[0-9a-f]{16} (.*?) )?(?:([+-]) )?([0-9a-f]+)$");
    private static final Pattern SYMBOL = Pattern.compile(
            "^ *\\d+: ([0-9a-f]{16}) +(\\w+) (\\w+) +\\w+ +\\w+ +(\\w+) (\\S+)$");
    /** Where instructions before a field may have been rewritten with it. */
    private static final int REWRITTEN_BEFORE = 4;

    private record Section(int index, String name, String type, int offset, int size, String flags) {
        boolean isPlaced() {
            return flags.contains("A") && !flags.contains("T") && size > 0;
        }
    }

    private record Entry(int offset, String type, long addend) {
        int width() {
            String name = type.substring("R_X86_64_".length());
            return switch (name) {
                case "NONE", "TLSDESC_CALL" -> 0;
                case "8", "PC8" -> 1;
                case "16", "PC16" -> 2;
                default -> name.endsWith("64") ? 8 : 4;
            };
        }
    }

    private record Symbol(long value, long size, String section, String name) {
        boolean holds(int index, long offset) {
            return section.equals(String.valueOf(index)) && value <= offset && (size == 0 || offset < value + size);
        }
    }

    @TempDir
    Path folder;

    private static List<MatchResult> matches(Pattern pattern, String option, Path file) {
        List<MatchResult> results = new ArrayList<>();
        for (String line : CCompiler.run(List.of("readelf", option, "--wide", file.toString())).split("\n")) {
            Matcher matcher = pattern.matcher(line);
            if (matcher.find()) {
                results.add(matcher.toMatchResult());
            }
        }
        return results;
    }

    private static Map<String, Section> sections(Path file) {
        Map<String, Section> sections = new HashMap<>();
        for (MatchResult line : matches(SECTION, "--section-headers", file)) {
            Section section = new Section(Integer.parseInt(line.group(1)), line.group(2), line.group(3),
                    Integer.parseInt(line.group(4), 16), Integer.parseInt(line.group(5), 16), line.group(6));
            assertThat(section.isPlaced() ? sections.put(section.name(), section) : null).as("names are different").isNull();
        }
        return sections;
    }

    private static Map<String, List<Entry>> relocations(Path file) {
        Map<String, List<Entry>> tables = new HashMap<>();
        List<Entry> table = new ArrayList<>();
        for (String line : CCompiler.run(List.of("readelf", "--relocs", "--wide", file.toString())).split("\n")) {
            Matcher title = TABLE.matcher(line);
            Matcher entry = RELOCATION.matcher(line.strip());
            if (title.find()) {
                table = new ArrayList<>();
                tables.put(title.group(1), table);
            } else if (entry.find()) {
                long addend = Long.parseUnsignedLong(entry.group(5), 16);
                table.add(new Entry(Integer.parseUnsignedInt(entry.group(1), 8, 16, 16), entry.group(2),
                        "-".equals(entry.group(4)) ? -addend : addend));
            }
        }
        return tables;
    }

    private static List<Symbol> symbols(Path file) {
        return matches(SYMBOL, "--symbols", file).stream().filter(line -> !line.group(3).matches("SECTION|FILE"))
                .map(line -> new Symbol(Long.parseUnsignedLong(line.group(1), 16), Long.decode(line.group(2)), line.group(4), line.group(5)))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({"everything.c, gcc, -O2 -fPIC", "everything.c, gcc, -O0 -fno-pic -DNO_ENVIRON", "everything.c, clang, -O2 -g -fdata-sections",
        "calculator.c, gcc, -O2 -mcmodel=large -fPIC", "calculator.c, gcc, -O1 -fcommon -fno-pic", "typed.c, clang, -O2 -fPIC",
        "threads.c, gcc, -O3 -fPIC -fno-plt"})
    @OnX8664
    void everyByteIsWhatTheFileSays(String source, String compiler, String flags) throws IOException {
        CCompiler.requireProgram("readelf");
        Path file = CCompiler.object(folder, source, compiler, flags.split(" "));
        byte[] bytes = Files.readAllBytes(file);
        Map<String, Section> sections = sections(file);
        Map<String, List<Entry>> relocations = relocations(file);
        List<Symbol> symbols = symbols(file);
        Map<String, BitSet> seen = new HashMap<>();
        Map<String, Long> bases = new HashMap<>();
        try (Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            Driver driver = loader.install(file);
            for (long address = driver.base(); address < driver.base() + driver.footprint(); address++) {
                Explanation explanation = Loader.explain(address).orElseThrow();
                if (explanation.kind().orElseThrow() == Explanation.Kind.SECTION) {
                    Section section = sections.get(explanation.section().orElseThrow());
                    int offset = (int) explanation.sectionOffset();
                    assertThat(offset).isBetween(0, section.size() - 1);
                    assertThat(address - offset).isEqualTo(bases.computeIfAbsent(section.name(), name -> explanation.address() - offset));
                    seen.computeIfAbsent(section.name(), name -> new BitSet()).set(offset);
                    symbol(explanation, section, symbols);
                    relocation(explanation, section, bytes, relocations.getOrDefault(section.name(), List.of()));
                }
            }
        }
        sections.values().forEach(section ->
                assertThat(seen.get(section.name()).cardinality()).as(section.name()).isEqualTo(section.size()));
    }

    private static void symbol(Explanation explanation, Section section, List<Symbol> symbols) {
        List<Symbol> holders = symbols.stream().filter(symbol -> symbol.holds(section.index(), explanation.sectionOffset())).toList();
        assertThat(explanation.symbol().isPresent()).isEqualTo(!holders.isEmpty());
        explanation.symbol().ifPresent(name -> assertThat(holders).as(explanation.toText()).anyMatch(holder -> holder.name().equals(name)
                && explanation.sectionOffset() - holder.value() == explanation.symbolOffset()));
    }

    private static void relocation(Explanation explanation, Section section, byte[] file, List<Entry> entries) {
        long offset = explanation.sectionOffset();
        Explanation.Relocation written = explanation.relocation().orElse(null);
        for (Entry entry : entries) {
            if (offset >= entry.offset() && offset < entry.offset() + entry.width()) {
                assertThat(written).as(explanation.toText()).isNotNull();
                assertThat(written.type()).isEqualTo(entry.type());
                assertThat(written.addend()).isEqualTo(entry.addend());
                assertThat(explanation.address() - written.place()).isEqualTo(offset - entry.offset());
                assertThat(written.bytes()).hasSize(entry.width());
                return;
            }
        }
        assertThat(written).as(explanation.toText()).isNull();
        boolean mayBeRewritten = section.flags().contains("W") || section.type().equals("NOBITS")
                || entries.stream().anyMatch(entry -> offset < entry.offset() && offset >= entry.offset() - REWRITTEN_BEFORE);
        if (!mayBeRewritten) {
            assertThat(Native.segment(explanation.address(), 1).get(ValueLayout.JAVA_BYTE, 0))
                    .isEqualTo(file[section.offset() + (int) offset]);
        }
    }

    /** Code that lies low reads a copy in its own module. */
    @Test
    @OnX8664
    void aCopyOfAStreamIsNamed() {
        Path file = CCompiler.text(folder, "stream", "#include <stdio.h>\nFILE **where(void) { return &stdout; }", "-O2", "-fno-pic");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(file).link()) {
            long copy = Long.decode(Prototype.parse("long where(void)").call(library, List.of()));
            Explanation explanation = Loader.explain(copy + 3).orElseThrow();
            assertThat(explanation.kind()).contains(Explanation.Kind.COMMON);
            assertThat(explanation.symbol()).contains("stdout");
            assertThat(explanation.symbolOffset()).isEqualTo(3);
            assertThat(Loader.explain(copy + 8).orElseThrow().symbol()).isNotEqualTo(explanation.symbol());
        }
    }
}
