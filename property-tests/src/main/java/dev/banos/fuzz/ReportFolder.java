package dev.banos.fuzz;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.ProgramImage;
import dev.banos.fuzz.text.Quoted;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A folder of findings. Each has one name and up to five files:
 * <pre>
 *  NAME.txt              the report for a person
 *  NAME.program          the program with its facts in comments: what {@link #read} reads, and what is replayed next time
 *  NAME.mtrace.gz        for banos replay
 *  NAMETest.java         a JUnit test
 *  NAME.c                where the target can be called from C
 * </pre>
 */
public final class ReportFolder {
    private static final String PROGRAM = ".program";
    private static final int LINES_OF_LITERAL = 1000;
    private static final int INDENT = 16;
    private static final Pattern FACT = Pattern.compile("^# (?<name>[a-z]+): (?<value>.*)", Pattern.MULTILINE);

    private final Path folder;

    /**
     * A folder for reports, which need not exist yet.
     *
     * @param folder the folder; it is made when something is written to it
     */
    public ReportFolder(Path folder) {
        this.folder = folder;
    }

    /**
     * Writes all files of the finding; those of the same kind are replaced.
     *
     * @param finding what to write
     * @throws IOException where the files cannot be written
     */
    public void write(Finding finding) throws IOException {
        Files.createDirectories(folder);
        String name = name(finding);
        Files.writeString(folder.resolve(name + ".txt"), Report.withAddresses(finding));
        finding.program().toTrace().write(folder.resolve(name + ".mtrace.gz"));
        Files.writeString(folder.resolve(className(name) + ".java"), junitTest(finding, className(name)));
        if (CProgram.isPossible(finding)) {
            Files.writeString(folder.resolve(name + ".c"), CProgram.of(finding));
        }
        writeWhole(folder.resolve(name + PROGRAM), facts(finding) + finding.program());
    }

    /** Half a program would be a damaged folder to the next campaign, so it is there whole or not at all. */
    private static void writeWhole(Path file, String text) throws IOException {
        Path half = file.resolveSibling(file.getFileName() + ".half");
        Files.writeString(half, text);
        Files.move(half, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** The law, and a number made from the kind: equal findings have equal names. */
    static String name(Finding finding) {
        String law = finding.violation().law().name().toLowerCase(Locale.ROOT).replace('_', '-');
        return law + "-" + String.format("%08x", (finding.target() + finding.kind()).hashCode());
    }

    private static String className(String name) {
        StringBuilder words = new StringBuilder();
        for (String word : name.split("-")) {
            words.append(word.substring(0, 1).toUpperCase(Locale.ROOT)).append(word.substring(1));
        }
        return words + "Test";
    }

    private static String facts(Finding finding) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("target", finding.target());
        facts.put("law", finding.violation().law().name());
        facts.put("operation", Integer.toString(finding.violation().operation()));
        facts.put("details", finding.violation().details());
        facts.put("seed", Long.toString(finding.seed()));
        facts.put("try", Long.toString(finding.tryNumber()));
        facts.put("mode", finding.mode());
        facts.put("rounds", Integer.toString(finding.rounds()));
        facts.put("original", Integer.toString(finding.originalLength()));
        facts.put("reproduced", Boolean.toString(finding.reproduced()));
        StringBuilder text = new StringBuilder();
        facts.forEach((name, value) -> text.append("# ").append(name).append(": ").append(Quoted.field(value)).append('\n'));
        return text.toString();
    }

    /**
     * Reads the findings in the folder, in the order of their files' names.
     *
     * @return the findings, each to be replayed as it was found
     * @throws TraceException if one is damaged, or there is no such folder
     */
    public List<Finding> read() {
        List<Finding> findings = new ArrayList<>();
        for (Path file : programs()) {
            findings.add(readFinding(file));
        }
        return findings;
    }

    private List<Path> programs() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(PROGRAM)).sorted().toList();
        } catch (IOException absent) {
            throw new TraceException(folder + ": no readable folder", absent);
        }
    }

    /**
     * Reads the finding in one {@code .program} file of a report.
     *
     * @param file a {@code .program} file
     * @return the finding
     * @throws TraceException if it is damaged, or there is no such file
     */
    public static Finding readFinding(Path file) {
        try {
            String text = Files.readString(file);
            Map<String, String> facts = new LinkedHashMap<>();
            Matcher matcher = FACT.matcher(text);
            while (matcher.find()) {
                facts.put(matcher.group("name"), Quoted.fromField(matcher.group("value")));
            }
            Program program = Program.parse(text);
            ProgramImage.requireRunnable(program.operations());
            Violation violation = new Violation(constant(facts, "law", Law.values()), count(facts, "operation", 0), fact(facts, "details"));
            return new Finding(fact(facts, "target"), number(facts, "seed"), number(facts, "try"), program, violation,
                    constant(facts, "mode", Mode.values()).name(), count(facts, "rounds", 1), count(facts, "original", 0),
                    Boolean.parseBoolean(fact(facts, "reproduced")));
        } catch (NoSuchFileException absent) {
            throw new TraceException(file + ": not a finding (there is no such file)", absent);
        } catch (CharacterCodingException binary) {
            throw new TraceException(file + ": not a finding (it is no text)", binary);
        } catch (IOException | IllegalArgumentException | TraceException damaged) {
            throw new TraceException(file + ": not a finding (" + damaged.getMessage() + ")", damaged);
        }
    }

    private static String fact(Map<String, String> facts, String name) {
        String value = facts.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no line \"# " + name + ": ...\"");
        }
        return value;
    }

    private static long number(Map<String, String> facts, String name) {
        try {
            return Long.parseLong(fact(facts, name));
        } catch (NumberFormatException none) {
            throw new IllegalArgumentException("# " + name + ": " + fact(facts, name) + " is no number", none);
        }
    }

    private static int count(Map<String, String> facts, String name, int least) {
        long number = number(facts, name);
        if (number < least || number > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("# " + name + ": " + number + " is not from " + least + " to " + Integer.MAX_VALUE);
        }
        return (int) number;
    }

    private static <E extends Enum<E>> E constant(Map<String, String> facts, String name, E[] all) {
        String value = fact(facts, name);
        return Arrays.stream(all).filter(each -> each.name().equals(value)).findFirst().orElseThrow(
                () -> new IllegalArgumentException("# " + name + ": " + value + " is none of " + Arrays.toString(all)));
    }

    /**
     * {@return the findings of several folders, the smallest of each kind on each target}
     *
     * @param folders those of campaigns, which are left as they are
     * @throws TraceException if a report is damaged, or a folder is not there
     */
    public static List<Finding> merge(List<Path> folders) {
        Map<String, Finding> smallest = new LinkedHashMap<>();
        for (Path folder : folders) {
            for (Finding finding : new ReportFolder(folder).read()) {
                smallest.merge(finding.target() + " " + finding.kind(), finding, Found::shorter);
            }
        }
        return smallest.values().stream()
                .sorted(Comparator.comparing(Finding::target).thenComparing(Finding::kind)).toList();
    }

    private static String junitTest(Finding finding, String className) {
        return """
                import dev.banos.fuzz.AllocatorUnderTest;
                import dev.banos.fuzz.Program;
                import dev.banos.fuzz.Target;
                import org.junit.jupiter.api.Test;

                /** Law: %s. */
                class %s {
                    @Test
                    void holds() {
                        Program program = Program.parse(%s);
                        %s
                    }
                }
                """.formatted(finding.violation().law().sentence(), className, literals(finding.program()),
                requirement(finding));
    }

    /** A class file holds no string beyond 64 KiB, so a long program is several. */
    private static String literals(Program program) {
        List<String> lines = program.toString().lines().toList();
        if (lines.size() <= LINES_OF_LITERAL) {
            return literal(lines);
        }
        return IntStream.iterate(0, from -> from < lines.size(), from -> from + LINES_OF_LITERAL)
                .mapToObj(from -> literal(lines.subList(from, Math.min(from + LINES_OF_LITERAL, lines.size()))))
                .collect(Collectors.joining(", ", "String.join(\"\", ", ")"));
    }

    private static String literal(List<String> lines) {
        return "\"\"\"\n" + String.join("\n", lines).indent(INDENT) + " ".repeat(INDENT) + "\"\"\"";
    }

    private static String requirement(Finding finding) {
        String target = Quoted.literal(finding.target());
        Mode mode = Mode.valueOf(finding.mode());
        if (Isolated.isNamed(finding.target()) || finding.program().operations().closes()) {
            return mode == Mode.RACED ? "program.requireLawfulInRaces(Target.of(" + target + "), " + finding.rounds() + ");"
                    : "program.requireLawful(Target.of(" + target + "));";
        }
        String run = switch (mode) {
            case LOCKSTEP -> "program.requireLawful(allocator);";
            case RACED -> "program.requireLawfulInRaces(allocator, " + finding.rounds() + ");";
            default -> "program.requireLawfulRepeatedly(allocator);";
        };
        return "try (AllocatorUnderTest allocator = Target.parse(" + target + ")) {\n            " + run + "\n        }";
    }
}
