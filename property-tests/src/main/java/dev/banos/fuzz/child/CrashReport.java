package dev.banos.fuzz.child;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads from the JVM's own crash report which signal ended it, and in which function. */
final class CrashReport {
    private static final Pattern SIGNAL = Pattern.compile("^#\\s+(SIG[A-Z]+) \\(", Pattern.MULTILINE);
    private static final Pattern FRAME =
            Pattern.compile("^# Problematic frame:\\R# [A-Za-z]\\s+\\[(?<library>[^\\]+]+)\\+0x[0-9a-f]+\\]\\s*(?<function>[\\w@.]+)?",
                    Pattern.MULTILINE);
    private static final int SIGNALLED = 128;
    private static final int SIGABRT = 6;
    private static final Map<Integer, String> SIGNALS = Map.of(4, "SIGILL", 7, "SIGBUS", 8, "SIGFPE", 9, "SIGKILL", 11, "SIGSEGV");

    private CrashReport() {
    }

    static String describe(int exit, Path report) {
        String text = read(report);
        Matcher signal = SIGNAL.matcher(text);
        if (signal.find()) {
            Matcher frame = FRAME.matcher(text);
            return signal.group(1) + (frame.find() ? place(frame) : "");
        }
        if (exit == SIGNALLED + SIGABRT) {
            return "SIGABRT, abort() was called";
        }
        return exit > SIGNALLED ? SIGNALS.getOrDefault(exit - SIGNALLED, "signal " + (exit - SIGNALLED)) : "exit status " + exit;
    }

    /** A copy of a library has a name of its own each time, so only the function is told. */
    private static String place(Matcher frame) {
        String function = frame.group("function");
        return function == null ? " in " + frame.group("library").replaceFirst("banos-fuzz.*", "the target")
                : " in " + function;
    }

    private static String read(Path report) {
        try {
            return Files.exists(report) ? new String(Files.readAllBytes(report), StandardCharsets.ISO_8859_1) : "";
        } catch (IOException unreadable) {
            return "";
        }
    }
}
