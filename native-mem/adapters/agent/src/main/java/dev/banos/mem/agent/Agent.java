package dev.banos.mem.agent;

import dev.banos.bindings.FileTrouble;
import dev.banos.mem.Malloc;
import dev.banos.mem.MemoryInsight;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.LongBinaryOperator;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts the agent, in a layer of its own; called by name. */
public final class Agent {
    private static final String BINDINGS = "dev.banos.bindings";
    private static final String UNSAFE = UnsafeMethod.OWNER.replace('/', '.');

    private Agent() {
    }

    /** Prints the options on standard output. */
    public static void printHelp() {
        System.out.print(AgentOptions.help());
    }

    /**
     * Reads the options, starts the allocator, and rewrites the classes that are loaded and those to come.
     *
     * @param text the options; null for none
     * @param instrumentation this JVM's
     * @return false if they ask for help only, which is printed then
     * @throws IllegalArgumentException for a wrong option
     * @throws IllegalStateException when this JVM cannot run the allocator, or the agent runs already
     * @throws Exception when the generated class cannot be defined
     */
    public static boolean start(@Nullable String text, Instrumentation instrumentation) throws Exception {
        AgentOptions options = AgentOptions.parse(text);
        if (options.isHelpWanted()) {
            printHelp();
            return false;
        }
        Tally tally = new Tally(options.service());
        Rewriter rewriter = moveCalls(options, tally, instrumentation);
        if (options.wantsStatistics()) {
            reportAtExit(() -> "banos-agent: process " + ProcessHandle.current().pid() + System.lineSeparator() + rewriter + tally
                    + Malloc.statistics(), options.statisticsFile());
        }
        if (options.isRecorded()) {
            MemoryInsight.register();
        }
        return true;
    }

    /** First it is made sure that no other start has the calls, or gets them: one that is refused for that has no effect. */
    private static Rewriter moveCalls(AgentOptions options, Tally tally, Instrumentation instrumentation)
            throws ReflectiveOperationException {
        Class<?> unsafe = Class.forName(UNSAFE);
        GeneratedCalls.take(unsafe);
        Rewriter rewriter = null;
        try {
            options.configureAllocator();
            enableNativeAccess(instrumentation);
            startAllocator();
            rewriter = new Rewriter(options.selection(), define(unsafe, options, tally));
            rewriter.start(instrumentation, unsafe);
            return rewriter;
        } finally {
            if (rewriter == null || !rewriter.isStarted()) {
                GeneratedCalls.leave(unsafe);
            }
        }
    }

    /**
     * For the layer's own copy of the bindings, and nothing else. No flag on the command line could name it: a layer's modules
     * are not there yet when flags are read. What an agent may do to the platform, the JVM's method for this is one of; where
     * it is missing the agent cannot run.
     */
    private static void enableNativeAccess(Instrumentation instrumentation) {
        Module self = Agent.class.getModule();
        try {
            instrumentation.redefineModule(Object.class.getModule(), Set.of(), Map.of(),
                    Map.of(Module.class.getPackageName(), Set.of(self)), Set.of(), Map.of());
            Method enable = Module.class.getDeclaredMethod("implAddEnableNativeAccess");
            enable.setAccessible(true);
            enable.invoke(self.getLayer().findModule(BINDINGS).orElseThrow());
        } catch (ReflectiveOperationException | RuntimeException refused) {
            throw new IllegalStateException("this JVM, " + Runtime.version() + ", does not let an agent enable native access: "
                    + refused, refused);
        }
    }

    /** Now, so that what is missing is known before the program begins. */
    private static void startAllocator() {
        try {
            Malloc.free(Malloc.malloc(1));
        } catch (ExceptionInInitializerError wrongProperty) {
            throw new IllegalStateException(Objects.requireNonNullElse(wrongProperty.getCause(), wrongProperty).getMessage(), wrongProperty);
        } catch (LinkageError unsupported) {
            throw new IllegalStateException(unsupported.getMessage(), unsupported);
        }
    }

    private static Class<?> define(Class<?> unsafe, AgentOptions options, Tally tally) throws ReflectiveOperationException {
        Service service = options.service();
        return options.wantsStatistics() ? define(unsafe, tally::allocate, tally::reallocate, tally::free)
                : define(unsafe, service::allocate, service::reallocate, service::free);
    }

    private static Class<?> define(Class<?> unsafe, LongUnaryOperator allocate, LongBinaryOperator reallocate, LongPredicate free)
            throws ReflectiveOperationException {
        return GeneratedCalls.define(unsafe, Map.of(UnsafeMethod.ALLOCATE, allocate, UnsafeMethod.REALLOCATE, reallocate,
                UnsafeMethod.FREE, free), Malloc::owns);
    }

    private static void reportAtExit(Supplier<String> report, String file) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> write(report.get(), file), "banos-agent-statistics"));
    }

    private static void write(String report, String file) {
        if (file.isEmpty()) {
            System.err.print(report);
            return;
        }
        try {
            Files.writeString(Path.of(file), report);
        } catch (IOException refused) {
            System.err.print("banos-agent: cannot write " + file + ", which stats= names (" + FileTrouble.cause(refused)
                    + "); this would be in it:" + System.lineSeparator() + report);
        }
    }
}
