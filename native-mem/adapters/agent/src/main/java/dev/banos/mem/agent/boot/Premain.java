package dev.banos.mem.agent.boot;

import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolutionException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * What Java starts. Makes the modules in the jar a layer of their own, so that native access is enabled for one of them and
 * not for the program, and so that a program that has Banos on its class path keeps its own.
 *
 * <pre>
 *   boot loader         Unsafe, and the class that the agent generates beside it
 *   system loader       Premain, the program
 *   the layer's loader  dev.banos.mem.agent, dev.banos.mem, dev.banos.bindings
 * </pre>
 */
public final class Premain {
    private static final String MODULE = "dev.banos.mem.agent";
    private static final String AGENT = MODULE + ".Agent";
    private static final int LEAST_JAVA = 25;

    private Premain() {
    }

    /** {@code -javaagent:banos-agent.jar=options}. What is wrong ends the JVM before the program begins. */
    public static void premain(String options, Instrumentation instrumentation) {
        try {
            if (!start(options, instrumentation)) {
                System.exit(0);
            }
        } catch (Exception | LinkageError failed) {
            stop(failed instanceof InvocationTargetException wrapped ? wrapped.getTargetException() : failed);
        }
    }

    /** Into a JVM that runs: it goes on, whatever happens here. */
    public static void agentmain(String options, Instrumentation instrumentation) throws Exception {
        start(options, instrumentation);
    }

    /** {@code java -jar banos-agent.jar} says how it is used. */
    public static void main(String[] arguments) throws Exception {
        requireJava();
        agent().getMethod("printHelp").invoke(null);
    }

    private static boolean start(String options, Instrumentation instrumentation) throws Exception {
        requireJava();
        return (boolean) agent().getMethod("start", String.class, Instrumentation.class).invoke(null, options, instrumentation);
    }

    private static void requireJava() {
        int java = Runtime.version().feature();
        if (java < LEAST_JAVA) {
            throw new IllegalStateException("needs Java " + LEAST_JAVA + " or newer; this is Java " + java);
        }
    }

    private static Class<?> agent() throws IOException, ReflectiveOperationException, URISyntaxException {
        Path jar = Path.of(Premain.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try {
            Configuration configuration = ModuleLayer.boot().configuration()
                    .resolve(JarModules.read(jar), ModuleFinder.of(), Set.of(MODULE));
            return ModuleLayer.defineModulesWithOneLoader(configuration, List.of(ModuleLayer.boot()),
                    ClassLoader.getPlatformClassLoader()).layer().findLoader(MODULE).loadClass(AGENT);
        } catch (FindException | ResolutionException missing) {
            throw new IllegalStateException("this Java was started without a module that is needed; "
                    + "--add-modules java.management,jdk.jfr adds them: " + missing.getMessage(), missing);
        }
    }

    private static void stop(Throwable failed) {
        boolean mistake = failed instanceof IllegalArgumentException || failed instanceof IllegalStateException;
        System.err.println("banos-agent: " + (mistake ? failed.getMessage() : "cannot start: " + failed));
        if (!mistake) {
            failed.printStackTrace();
        }
        System.exit(1);
    }
}
