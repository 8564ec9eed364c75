package dev.banos.fuzz;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.text.Quoted;

/** Findings as text for a person. */
final class Report {
    private static final int LINES = 24;

    private Report() {
    }

    static String text(Finding finding) {
        Violation violation = finding.violation();
        StringBuilder text = new StringBuilder();
        text.append(String.format("%s breaks a law: %s%n", Quoted.line(finding.target()), violation.law().sentence()));
        text.append(String.format("  %s%n", Quoted.lines(violation.details()).replace("\n", "\n  ")));
        text.append(String.format("  %s; %s%s%n", origin(finding), lengths(finding), manner(finding)));
        appendProgram(text, finding.program().operations(), violation);
        return text.toString();
    }

    /** With what only this run can tell: the one part that differs between two runs of a seed. */
    static String withAddresses(Finding finding) {
        return finding + ofThisRun(finding.violation());
    }

    private static String ofThisRun(Violation violation) {
        String addresses = violation.addresses();
        return addresses.isEmpty() ? "" : String.format("in this run: %s%n", Quoted.lines(addresses));
    }

    private static String origin(Finding finding) {
        return finding.tryNumber() < 0 ? "a program that broke something before"
                : "seed " + finding.seed() + ", try " + finding.tryNumber();
    }

    private static String lengths(Finding finding) {
        int length = finding.program().length();
        int original = finding.originalLength();
        return length + (length == 1 ? " operation" : " operations") + (length == original ? ""
                : length < original ? ", shrunk from " + original
                : " with those of the programs before it; the one that failed had " + original);
    }

    private static String manner(Finding finding) {
        if (!finding.reproduced()) {
            return "; it was not seen to fail again when run alone: it needs what ran before it, or luck of timing, or an interrupt came first";
        }
        return switch (finding.mode()) {
            case "FREELY" -> "; its threads run at the same time, so it may need several runs";
            case "RACED" -> String.format("; its threads run at the same time, over and over, for up to %,d rounds", finding.rounds());
            case "REPEATED" -> "; the program runs over and over";
            default -> "";
        };
    }

    static void appendProgram(StringBuilder text, Operations program, Violation violation) {
        int from = Math.max(0, Math.min(violation.operation(), program.length() - 1) - LINES + 1);
        if (from > 0) {
            text.append(String.format("      ... %d operations before these%n", from));
        }
        for (int i = from; i < Math.min(program.length(), from + LINES); i++) {
            text.append(i == violation.operation() ? "   -> " : "      ").append(ProgramText.line(program, i))
                    .append(System.lineSeparator());
        }
        if (violation.operation() >= program.length()) {
            text.append(String.format("   -> %s%n", atTheEnd(program)));
        }
    }

    /** What is done after the last operation; of an empty program that is nothing, and what remains is its instance. */
    static String atTheEnd(Operations program) {
        return program.length() > 0 ? "at the end, while what is still live is checked and freed"
                : "with no call at all: while one instance after the other is made and closed";
    }

    /** For an assertion: law, details, program. */
    static String oneScreen(Operations program, Violation violation) {
        StringBuilder text = new StringBuilder(violation.law().sentence()).append(": ").append(violation.details())
                .append(System.lineSeparator());
        appendProgram(text, program, violation);
        return text + ofThisRun(violation);
    }
}
