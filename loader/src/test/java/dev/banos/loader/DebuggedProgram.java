package dev.banos.loader;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/** A JVM of its own that loads the driver named and calls its {@code outer_step}; other programs look at it from outside. */
final class DebuggedProgram {
    private DebuggedProgram() {
    }

    /** @return what it wrote, errors too */
    static String run(List<String> flags, Path driver) throws IOException, InterruptedException {
        return run(List.of(), flags, driver);
    }

    /** @param before a command that runs the one given as its arguments */
    static String run(List<String> before, List<String> flags, Path driver) throws IOException, InterruptedException {
        return ChildJvm.run(before, flags, DebuggedProgram.class, driver.toString()).output();
    }

    public static void main(String[] args) throws Throwable {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            if (Boolean.getBoolean("replaceable")) {
                loader.replaceable();
            }
            Driver driver = loader.install(Path.of(args[0]));
            MethodHandle step = driver.handle("outer_step", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
            System.out.println(ProcessHandle.current().pid() + " " + (int) step.invokeExact(21));
        }
    }
}
