package dev.banos.fuzz;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.text.CSource;
import dev.banos.fuzz.text.Quoted;
import java.util.regex.Pattern;

/** A finding as a C program that shows it without Java: the laws, and the steps. */
final class CProgram {
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z_][A-Za-z_0-9]*|");
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
        return target.equals("glibc") || Isolated.isUsable(target)
                || Target.isInFile(target) && PREFIX.matcher(Target.prefixOf(target)).matches();
    }

    static String of(Finding finding) {
        return new CProgram(finding).write();
    }

    private String write() {
        Operations program = finding.program().operations();
        text.append("/* ").append(Quoted.comment(head())).append(" */\n");
        text.append(Isolated.isNamed(finding.target()) ? Isolated.of(finding.target()).defines() : "");
        text.append(CSource.head(prefix(), Isolated.isNamed(finding.target()), Math.max(1, program.slots()), Math.max(1, program.length())));
        text.append(CSource.laws()).append('\n');
        writeSteps(program);
        text.append("#define MODE ").append(mode()).append("\n#define ROUNDS ").append(rounds()).append('\n');
        text.append("#define SALT ").append(Long.toUnsignedString(salt(program))).append("u\n");
        text.append(CSource.mainOfReport());
        return text.toString();
    }

    private String head() {
        return Quoted.line(finding.target()) + " breaks a law: " + finding.violation().law().sentence()
                + ".\n   " + finding.violation().details().replace("\n", "\n   ")
                + "\n   " + Quoted.line(command()) + "\n   seed " + finding.seed() + ", try " + finding.tryNumber();
    }

    /** With it, blocks hold the same words as when the program failed, in case the allocator takes some of them for its own. */
    private long salt(Operations program) {
        return Isolated.isNamed(finding.target()) ? 0 : program.salt();
    }

    private Mode mode() {
        Mode mode = Mode.valueOf(finding.mode());
        return mode.isRepeated() ? Mode.REPEATED_LONG : mode;
    }

    private int rounds() {
        return switch (Mode.valueOf(finding.mode())) {
            case FREELY -> Session.FREE_RUNS;
            case RACED -> (int) Math.min(Integer.MAX_VALUE, (long) ROUNDS_OF_JAVA * finding.rounds());
            default -> REPEATS;
        };
    }

    private String command() {
        return Isolated.isNamed(finding.target()) ? Isolated.of(finding.target()).commandFor("THIS.c")
                : "cc -g THIS.c " + library() + " -lpthread && ./a.out";
    }

    /** A bare name is looked for where the dynamic linker finds it, too. */
    private String library() {
        if (finding.target().equals("glibc")) {
            return "";
        }
        String file = Target.fileOf(finding.target());
        return Quoted.word(file.indexOf('/') < 0 && !file.endsWith(Target.OBJECT) ? "-l:" + file : isOption(file) ? "./" + file : file);
    }

    /** What the compiler would take for one, or for a file of options. */
    private static boolean isOption(String file) {
        return file.startsWith("-") || file.startsWith("@");
    }

    private String prefix() {
        return Target.isInFile(finding.target()) ? Target.prefixOf(finding.target()) : "";
    }

    private void writeSteps(Operations program) {
        text.append("static const struct step program[] = {\n");
        for (int i = 0; i < program.length(); i++) {
            String step = what(program, i) + ", " + program.slot(i) + ", " + Long.toUnsignedString(program.size(i)) + "u},";
            text.append(String.format("    {%-44s /* %s */%n", step, ProgramText.line(program, i)));
        }
        text.append("};\n\n");
    }

    private static String what(Operations program, int i) {
        String call = switch (program.kind(i)) {
            case Operations.MALLOC -> "DO_MALLOC";
            case Operations.CALLOC -> "DO_CALLOC";
            case Operations.REALLOC -> "DO_REALLOC";
            case Operations.ALIGNED -> "DO_ALIGNED";
            case Operations.FREE -> "DO_FREE";
            case Operations.CHECK -> "DO_CHECK";
            case Operations.FREE_TWICE -> "DO_FREE_TWICE";
            case Operations.FREE_INSIDE -> "DO_FREE_INSIDE";
            case Operations.FREE_FOREIGN -> "DO_FREE_FOREIGN";
            case Operations.EXIT -> "DO_EXIT";
            case Operations.CLOSE -> "DO_CLOSE";
            default -> "DO_MISALIGNED";
        };
        return call + (program.log2(i) == 0 ? "" : " | LOG2(" + program.log2(i) + ")")
                + (program.thread(i) == 0 ? "" : " | ON(" + program.thread(i) + ")");
    }
}
