package dev.banos.fuzz.objects;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A C file made from a seed: variables in all kinds of sections and alignments, pointers between them, functions that call
 * each other. Its {@code observe()} sums up what a linker decides, in a number that does not depend on where things lie.
 *
 * <p>A part may only refer to parts with smaller numbers, and to none that was dropped: so any part can be left out.
 */
record Source(List<String> flags, List<Part> parts) {
    private static final List<List<String>> FLAGS = List.of(List.of("-O0"), List.of("-O2"), List.of("-O2", "-fPIC"),
            List.of("-O1", "-fno-pic"), List.of("-O2", "-ffunction-sections", "-fdata-sections"), List.of("-O1", "-fcommon"),
            List.of("-O2", "-fPIC", "-fno-plt"), List.of("-Os", "-mcmodel=large", "-fno-pic"));
    private static final List<String> SECTIONS = List.of("", "", "", "own", ".data.odd", "other_name");
    private static final int MOST_PARTS = 24;

    enum Kind { NUMBER, ARRAY, ZEROES, CONSTANT, POINTER, FUNCTION, FUNCTION_POINTER, SWITCH }

    /**
     * @param number in its name
     * @param target the part that it points at, adds to or calls; 0 for none
     * @param log2 of the alignment asked for; 0 for none
     */
    record Part(int number, Kind kind, int target, int value, int log2, String section, boolean isStatic, boolean isWeak) {
        boolean isCode() {
            return kind == Kind.FUNCTION || kind == Kind.SWITCH;
        }

        String name() {
            return "part" + number;
        }
    }

    static Source of(long seed) {
        Random random = new Random(seed);
        List<Part> parts = new ArrayList<>();
        int count = 1 + random.nextInt(MOST_PARTS);
        for (int number = 1; number <= count; number++) {
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            boolean code = kind == Kind.FUNCTION || kind == Kind.SWITCH;
            boolean isStatic = random.nextInt(3) == 0;
            parts.add(new Part(number, kind, target(kind, parts, random), random.nextInt(1000),
                    random.nextInt(4) == 0 ? random.nextInt(13) : 0, code || kind == Kind.CONSTANT || kind == Kind.ZEROES ? ""
                    : SECTIONS.get(random.nextInt(SECTIONS.size())), isStatic, !isStatic && random.nextInt(5) == 0));
        }
        return new Source(FLAGS.get(random.nextInt(FLAGS.size())), parts);
    }

    private static int target(Kind kind, List<Part> parts, Random random) {
        List<Part> fitting = parts.stream().filter(part -> kind == Kind.FUNCTION_POINTER || kind == Kind.SWITCH ? part.isCode()
                : !part.isCode() && part.kind != Kind.FUNCTION_POINTER && part.kind != Kind.POINTER).toList();
        return fitting.isEmpty() ? 0 : fitting.get(random.nextInt(fitting.size())).number;
    }

    /** Every source that is this one with something left out or made plain. */
    Stream<Source> plainer() {
        Stream<Source> shorter = IntStream.range(0, parts.size()).map(i -> parts.size() - 1 - i)
                .mapToObj(i -> with(parts.stream().filter(part -> part != parts.get(i)).toList()));
        Stream<Source> plain = IntStream.range(0, parts.size()).boxed().flatMap(i -> plainer(parts.get(i)).map(part -> {
            List<Part> changed = new ArrayList<>(parts);
            changed.set(i, part);
            return with(changed);
        }));
        return Stream.concat(shorter, plain);
    }

    private static Stream<Part> plainer(Part p) {
        return Stream.of(new Part(p.number, p.kind, p.target, 1, 0, "", false, false),
                new Part(p.number, p.kind, p.target, p.value, 0, p.section, p.isStatic, p.isWeak),
                new Part(p.number, p.kind, p.target, p.value, p.log2, "", p.isStatic, p.isWeak),
                new Part(p.number, p.kind, p.target, p.value, p.log2, p.section, false, false))
                .filter(plain -> !plain.equals(p));
    }

    /** Without calls through addresses that a file holds: whoever moves those would crash. */
    Source withoutIndirectCalls() {
        return with(parts.stream().filter(part -> part.kind != Kind.FUNCTION_POINTER && part.kind != Kind.SWITCH).toList());
    }

    private Source with(List<Part> changed) {
        return new Source(flags, changed);
    }

    private Part find(int number) {
        return parts.stream().filter(part -> part.number == number).findFirst().orElse(null);
    }

    /** The C file. */
    String text() {
        StringBuilder text = new StringBuilder("/* cc -c " + String.join(" ", flags) + " */\n");
        parts.forEach(part -> text.append(definition(part)).append('\n'));
        text.append("unsigned long observe(void)\n{\n    unsigned long sum = 17;\n");
        parts.forEach(part -> text.append("    sum = sum * 31 + ").append(observation(part)).append(";\n"));
        return text.append("    return sum;\n}\n").toString();
    }

    private String definition(Part part) {
        Part target = find(part.target);
        String start = (part.isStatic ? "static " : "") + attributes(part);
        String name = part.name();
        return switch (part.kind) {
            case NUMBER -> start + "volatile long " + name + " = " + part.value + ";";
            case ARRAY -> start + "volatile int " + name + "[" + (part.value % 90 + 3) + "] = {" + part.value + ", 2, 3};";
            case ZEROES -> start + "volatile char " + name + "[" + (part.value + 1) + "];";
            case CONSTANT -> start + "const volatile char " + name + "[] = \"constant " + part.value + "\";";
            case POINTER -> start + "volatile char *volatile " + name + " = "
                    + (target == null ? "0" : "(volatile char *)&" + target.name() + " + " + part.value % 8) + ";";
            case FUNCTION_POINTER -> start + "int (*volatile " + name + ")(int) = " + (target == null ? "0" : target.name()) + ";";
            case FUNCTION -> start + "__attribute__((noinline)) int " + name + "(int n) { return n * " + part.value + " + "
                    + (target == null ? "1" : "(int)*(volatile char *)&" + target.name()) + "; }";
            case SWITCH -> start + "__attribute__((noinline)) int " + name + "(int n)\n{\n    switch (n) {\n    case 0: return 7;\n"
                    + "    case 1: return " + part.value + ";\n    case 2: return n << 3;\n    case 3: return ~n;\n    case 4: return "
                    + (target == null ? "9" : target.name() + "(n)") + ";\n    case 5: return -n;\n    }\n    return n;\n}";
        };
    }

    private static String attributes(Part part) {
        List<String> attributes = new ArrayList<>();
        if (part.log2 > 0) {
            attributes.add("aligned(" + (1 << part.log2) + ")");
        }
        if (!part.section.isEmpty()) {
            attributes.add("section(\"" + part.section + "\")");
        }
        if (part.isWeak) {
            attributes.add("weak");
        }
        return attributes.isEmpty() ? "" : "__attribute__((" + String.join(", ", attributes) + ")) ";
    }

    private String observation(Part part) {
        Part target = find(part.target);
        String address = part.isCode() ? "" : "(unsigned long)&" + part.name() + " % " + (1 << part.log2) + " * 1009 + ";
        return switch (part.kind) {
            case NUMBER -> address + part.name();
            case ARRAY, ZEROES, CONSTANT -> address + part.name() + "[2]";
            case POINTER -> address + (target == null ? "(" + part.name() + " == 0)"
                    : "(unsigned long)(" + part.name() + " - (volatile char *)&" + target.name() + ")");
            case FUNCTION_POINTER -> address + (target == null ? "(" + part.name() + " == 0)"
                    : "(" + part.name() + " == " + target.name() + ") + " + part.name() + "(4)");
            case FUNCTION, SWITCH -> part.name() + "(" + part.value % 6 + ") + " + part.name() + "(4)";
        };
    }
}
