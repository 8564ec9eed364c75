package dev.banos.samples.install;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import java.io.PrintStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * Standard output, shared by Java and by drivers that print with C's stdio. Each side has a buffer of its own; whoever is to
 * print next has the other one emptied first, and so lines appear in the order in which they were printed.
 */
final class CConsole {
    private static final MethodHandle FFLUSH = Native.downcall(
            Linker.nativeLinker().defaultLookup().findOrThrow("fflush").address(), FunctionDescriptor.of(JAVA_INT, JAVA_LONG));

    private final PrintStream out;

    CConsole(PrintStream out) {
        this.out = out;
    }

    /** Prints a line from Java. */
    void println(String line) {
        flushC();
        out.println(line);
        out.flush();
    }

    /** Empties the buffers of all C streams. */
    void flushC() {
        long allStreams = 0;
        try {
            int failed = (int) FFLUSH.invokeExact(allStreams);
            if (failed != 0) {
                throw new IllegalStateException("standard output: what drivers printed could not be written");
            }
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }
}
