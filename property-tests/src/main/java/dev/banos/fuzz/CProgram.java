package dev.banos.fuzz;

/** A finding as a C program that shows it without Java: the laws, and the steps. */
final class CProgram {
    private static final String LIBRARY = ".so";
    private static final String OBJECT = ".o";
    private static final int REPEATS = 1;
    /** A round in C is that much quicker, and so is over more often before the other thread comes near. */
    private static final int ROUNDS_OF_JAVA = 10;

    private final Finding finding;
    private final StringBuilder text = new StringBuilder();

    private CProgram(Finding finding) {
        this.finding = finding;
    }

    /** Whether the target's functions can be called from C by name. */
    static boolean isPossible(Finding finding) {
        String target = finding.target();
        return target.equals("glibc") || Isolated.isNamed(target) || target.contains(LIBRARY) || fileOf(target).endsWith(OBJECT);
    }

    static String of(Finding finding) {
        return new CProgram(finding).write();
    }

    private String write() {
        Program program = finding.program();
        text.append("/* ").append(finding.target()).append(" breaks a law: ").append(finding.violation().law().sentence())
                .append(".\n   ").append(finding.violation().details().replace("*/", "* /").replace("\n", "\n   "))
                .append("\n   ").append(command()).append("\n   seed ").append(finding.seed())
                .append(", try ").append(finding.tryNumber()).append(" */\n");
        text.append(Isolated.isNamed(finding.target()) ? Isolated.of(finding.target()).defines() : "");
        text.append(CSource.head(prefix(), Isolated.isNamed(finding.target()), Math.max(1, program.slots()), Math.max(1, program.length())));
        text.append(CSource.laws()).append('\n');
        writeSteps(program);
        text.append("#define MODE ").append(mode()).append("\n#define ROUNDS ").append(rounds()).append('\n');
        text.append(CSource.mainOfReport());
        return text.toString();
    }

    private Runner.Mode mode() {
        Runner.Mode mode = Runner.Mode.valueOf(finding.mode());
        return mode.isRepeated() ? Runner.Mode.REPEATED_LONG : mode;
    }

    private int rounds() {
        return switch (Runner.Mode.valueOf(finding.mode())) {
            case FREELY -> Session.FREE_RUNS;
            case RACED -> ROUNDS_OF_JAVA * finding.rounds();
            default -> REPEATS;
        };
    }

    private String command() {
        return Isolated.isNamed(finding.target()) ? Isolated.of(finding.target()).commandFor("THIS.c")
                : "cc -g THIS.c " + library() + " -lpthread && ./a.out";
    }

    private String library() {
        return finding.target().equals("glibc") ? "" : fileOf(finding.target());
    }

    private static String fileOf(String target) {
        int prefixAt = target.lastIndexOf(':');
        return prefixAt < 0 ? target : target.substring(0, prefixAt);
    }

    private String prefix() {
        int prefixAt = finding.target().lastIndexOf(':');
        return prefixAt < 0 || Isolated.isNamed(finding.target()) ? "" : finding.target().substring(prefixAt + 1);
    }

    private void writeSteps(Program program) {
        text.append("static const struct step program[] = {\n");
        for (int i = 0; i < program.length(); i++) {
            String step = what(program, i) + ", " + program.slot(i) + ", " + Long.toUnsignedString(program.size(i)) + "u},";
            text.append(String.format("    {%-44s /* %s */%n", step, ProgramText.line(program, i)));
        }
        text.append("};\n\n");
    }

    private static String what(Program program, int i) {
        String call = switch (program.kind(i)) {
            case Program.MALLOC -> "DO_MALLOC";
            case Program.CALLOC -> "DO_CALLOC";
            case Program.REALLOC -> "DO_REALLOC";
            case Program.ALIGNED -> "DO_ALIGNED";
            case Program.FREE -> "DO_FREE";
            case Program.CHECK -> "DO_CHECK";
            case Program.FREE_TWICE -> "DO_FREE_TWICE";
            case Program.FREE_INSIDE -> "DO_FREE_INSIDE";
            case Program.FREE_FOREIGN -> "DO_FREE_FOREIGN";
            case Program.EXIT -> "DO_EXIT";
            case Program.CLOSE -> "DO_CLOSE";
            default -> "DO_MISALIGNED";
        };
        return call + (program.log2(i) == 0 ? "" : " | LOG2(" + program.log2(i) + ")")
                + (program.thread(i) == 0 ? "" : " | ON(" + program.thread(i) + ")");
    }
}
