package dev.banos.mem.agent;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites the program's classes as they are loaded, and those that were loaded before. What fails leaves the class as it is:
 * its calls stay with Unsafe, which serves them as ever.
 */
final class Rewriter implements ClassFileTransformer {
    private final Selection selection;
    private final Class<?> calls;
    private final AtomicLong classes = new AtomicLong();
    private final AtomicLong sites = new AtomicLong();
    private final AtomicLong failures = new AtomicLong();
    /** Whether a loader that finds Unsafe finds its neighbour: some have a list of the classes that they let through. */
    private final Map<ClassLoader, Boolean> seesCalls = Collections.synchronizedMap(new WeakHashMap<>());
    /** Until then the program's classes stay as they are: no block of ours may come to an Unsafe that does not know them. */
    private volatile boolean netIsSpread;

    Rewriter(Selection selection, Class<?> calls) {
        this.selection = selection;
        this.calls = calls;
    }

    @Override
    public byte @Nullable [] transform(Module module, @Nullable ClassLoader loader, @Nullable String name, @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain, byte[] classFile) {
        try {
            if (loader == null && UnsafeMethod.OWNER.equals(name)) {
                return UnsafeNet.spreadIn(classFile);
            }
            if (!netIsSpread || loader == null || name == null || !isOfProgram(loader) || !selection.takes(name)) {
                return null;
            }
            return ConstantPoolScan.mentionsUnsafe(classFile) ? rewritten(loader, name, classFile) : null;
        } catch (Throwable failed) { // whatever it is, the program did not do it
            report(name, failed.toString());
            return null;
        }
    }

    private byte @Nullable [] rewritten(ClassLoader loader, String name, byte[] classFile) {
        CallSites callSites = new CallSites(classFile);
        byte[] moved = callSites.moved();
        if (moved == null) {
            return null;
        }
        if (!seesCalls(loader)) {
            report(name, "its loader " + loader + " does not find " + calls.getName());
            return null;
        }
        classes.incrementAndGet();
        sites.addAndGet(callSites.count());
        return moved;
    }

    /** The question is asked outside the map's lock: the loader takes locks of its own, some of which are held already. */
    private boolean seesCalls(ClassLoader loader) {
        Boolean known = seesCalls.get(loader);
        if (known != null) {
            return known;
        }
        boolean sees;
        try {
            sees = Class.forName(calls.getName(), false, loader) == calls;
        } catch (ClassNotFoundException hidden) {
            sees = false;
        }
        seesCalls.put(loader, sees);
        return sees;
    }

    /** The JDK's own classes call Unsafe by another name. */
    private static boolean isOfProgram(@Nullable ClassLoader loader) {
        return loader != null && loader != ClassLoader.getPlatformClassLoader();
    }

    /** Once on standard error, then in the count. */
    private void report(@Nullable String name, String reason) {
        if (failures.getAndIncrement() == 0) {
            System.err.println("banos-agent: " + name + " is not rewritten, its calls stay with Unsafe: " + reason
                    + "; what else is not is only counted");
        }
    }

    /**
     * Unsafe, then what was loaded before the agent, and from then on what is loaded.
     *
     * @throws IllegalStateException if Unsafe cannot be rewritten; then nothing is
     */
    void start(Instrumentation instrumentation, Class<?> unsafe) {
        instrumentation.addTransformer(this, true);
        try {
            instrumentation.retransformClasses(unsafe);
        } catch (UnmodifiableClassException | UnsupportedOperationException | LinkageError refused) {
            instrumentation.removeTransformer(this);
            throw new IllegalStateException("this JVM, " + Runtime.version() + ", does not let an agent rewrite Unsafe: " + refused,
                    refused);
        }
        if (failures.get() > 0) {
            instrumentation.removeTransformer(this);
            throw new IllegalStateException("this JVM, " + Runtime.version() + ", has an Unsafe that the agent cannot rewrite");
        }
        GeneratedCalls.initialise(calls);
        netIsSpread = true;
        rewriteLoaded(instrumentation);
    }

    /** Whether calls are moved: that is for good. */
    boolean isStarted() {
        return netIsSpread;
    }

    private void rewriteLoaded(Instrumentation instrumentation) {
        Class<?>[] loaded = Arrays.stream(instrumentation.getAllLoadedClasses())
                .filter(type -> isOfProgram(type.getClassLoader()) && selection.takes(type.getName()))
                .filter(instrumentation::isModifiableClass)
                .toArray(Class<?>[]::new);
        try {
            instrumentation.retransformClasses(loaded);
        } catch (UnmodifiableClassException | UnsupportedOperationException | LinkageError one) {
            for (Class<?> type : loaded) { // so that it alone stays as it is
                rewriteOne(instrumentation, type);
            }
        }
    }

    private void rewriteOne(Instrumentation instrumentation, Class<?> type) {
        try {
            instrumentation.retransformClasses(type);
        } catch (UnmodifiableClassException | UnsupportedOperationException | LinkageError refused) {
            report(type.getName(), refused.toString());
        }
    }

    /** A line a figure, its number last. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, """
                classes rewritten: %d
                call sites rewritten: %d
                classes not rewritten: %d
                """, classes.get(), sites.get(), failures.get()).indent(2);
    }
}
