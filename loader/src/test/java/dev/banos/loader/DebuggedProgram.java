package dev.banos.loader;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** A JVM of its own that loads the driver named and calls its {@code outer_step}; other programs look at it from outside. */
final class DebuggedProgram {
    private DebuggedProgram() {
    }

    public static void main(String[] args) throws Throwable {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver driver = loader.install(Path.of(args[0]));
            MethodHandle step = driver.handle("outer_step", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            System.out.println(ProcessHandle.current().pid() + " " + (int) step.invokeExact(21));
        }
    }
}
