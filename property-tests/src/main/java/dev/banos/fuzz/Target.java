package dev.banos.fuzz;

import dev.banos.fuzz.generation.Settings;
import dev.banos.mem.HeapOptions;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A source of allocators, by the name that the command line uses.
 * <pre>
 *  banos                Banos's malloc
 *  banos:own            a heap of its own for each instance, shared by all threads
 *  banos:confined       a heap of its own for each instance, for one thread
 *  banos:hardened       a heap of its own for each instance, shared, that looks for everything it can
 *  glibc                the C library of this process
 *  LIB.so[:PREFIX]      a shared library, by path or by a name that the dynamic linker finds; libmimalloc.so.2:mi_
 *  FILE.o[:PREFIX]      a relocatable object, driver or not, linked by the loader
 *  musl                 musl's malloc, in a process without a JVM
 *  preload:LIB.so       a shared library that takes the place of malloc, in a process without a JVM
 *  class:NAME           a Java class that implements {@link AllocatorUnderTest} and has a public constructor without parameters
 * </pre>
 */
public final class Target {
    /** The accepted forms, for messages and the command's help. */
    public static final List<String> FORMS = List.of("banos", "banos:own", "banos:confined", "banos:hardened", "glibc",
            "LIB.so[:PREFIX]", "FILE.o[:PREFIX]", "musl", "preload:LIB.so", "class:NAME");

    private static final String CLASS = "class:";
    private static final String LIBRARY = ".so";
    static final String OBJECT = ".o";

    private final String spec;
    private final boolean renewable;
    private final Supplier<AllocatorUnderTest> source;
    /** Null for what can be called from this process. */
    private final @Nullable Isolated isolated;

    private Target(String spec, boolean renewable, Supplier<AllocatorUnderTest> source) {
        this.spec = spec;
        this.renewable = renewable;
        this.source = source;
        isolated = null;
    }

    private Target(Isolated isolated) {
        spec = isolated.spec();
        renewable = true;
        source = () -> {
            throw isolated.notInThisProcess();
        };
        this.isolated = isolated;
    }

    /**
     * Opens an allocator of the target that {@code spec} names.
     *
     * @param spec as above
     * @return the allocator, to be closed after use
     * @throws TargetException if there is no such target or it cannot be loaded: one line that says why
     */
    public static AllocatorUnderTest parse(String spec) {
        return of(spec).open();
    }

    /**
     * Opens an allocator of the target that {@code spec} names, with other promises than such a target has by itself. For example, a
     * file does not tell whether its allocator is for several threads.
     *
     * @param spec as above
     * @param change makes the new promises from those of the target: {@code Promises::withoutThreads}
     * @return the allocator, to be closed after use
     * @throws TargetException as {@link #parse(String)}
     */
    public static AllocatorUnderTest parse(String spec, UnaryOperator<Promises> change) {
        AllocatorUnderTest allocator = parse(spec);
        return new Promising(allocator, change.apply(allocator.promises()));
    }

    /**
     * The target that {@code spec} names.
     *
     * @param spec as above
     * @return the target; whether it can be loaded shows when it is opened
     * @throws TargetException as {@link #parse}
     */
    public static Target of(String spec) {
        switch (spec) {
            case "banos" -> {
                return new Target(spec, false, BanosAllocator.Shared::new);
            }
            case "banos:own" -> {
                return new Target(spec, true, () -> new BanosAllocator.Own(HeapOptions.shared(), true));
            }
            case "banos:hardened" -> {
                return new Target(spec, true, BanosAllocator.Hardened::new);
            }
            case "banos:confined" -> {
                return new Target(spec, true, () -> new BanosAllocator.Own(HeapOptions.confined(), false));
            }
            case "glibc" -> {
                return new Target(spec, false, Target::glibc);
            }
            default -> {
                return inFile(spec);
            }
        }
    }

    private static Target inFile(String spec) {
        if (spec.startsWith(CLASS)) {
            String name = spec.substring(CLASS.length());
            return new Target(spec, true, () -> instance(spec, name));
        }
        if (Isolated.isNamed(spec)) {
            return new Target(Isolated.of(spec));
        }
        if (!isInFile(spec)) {
            throw new TargetException("unknown target " + spec + "; a target is one of: " + String.join(", ", FORMS));
        }
        String file = fileOf(spec);
        if (isLibrary(file)) {
            SharedLibrary library = new SharedLibrary(spec, file, prefixOf(spec));
            return new Target(spec, library.isRenewable(), library::open);
        }
        return new Target(spec, true, new ObjectFile(spec, Path.of(file), prefixOf(spec))::open);
    }

    /** Whether it is a library or an object whose functions this process can call. */
    static boolean isInFile(String spec) {
        String file = fileOf(spec);
        return !spec.startsWith(CLASS) && !Isolated.isNamed(spec) && (isLibrary(file) || file.endsWith(OBJECT));
    }

    private static boolean isLibrary(String file) {
        return file.endsWith(LIBRARY) || file.contains(LIBRARY + ".");
    }

    /** Of a target that {@link #isInFile}. */
    static String fileOf(String spec) {
        int prefixAt = spec.lastIndexOf(':');
        return prefixAt < 0 ? spec : spec.substring(0, prefixAt);
    }

    /** Of its functions' names; may be empty. */
    static String prefixOf(String spec) {
        int prefixAt = spec.lastIndexOf(':');
        return prefixAt < 0 ? "" : spec.substring(prefixAt + 1);
    }

    /**
     * A target that the caller makes.
     *
     * @param name what messages and reports call it
     * @param source makes the allocators, each in its first state
     * @return the target
     */
    public static Target of(String name, Supplier<AllocatorUnderTest> source) {
        return new Target(name, true, source);
    }

    /** {@return what the target is called on the command line} */
    public String spec() {
        return spec;
    }

    /** Whether each {@link #open} gives an allocator in its first state, whatever went before. */
    boolean isRenewable() {
        return renewable;
    }

    /** What runs programs on this target in another process. */
    Runner inChild(Settings settings, String example) {
        return isolated != null ? new IsolatedRunner(this, isolated, settings) : new JvmRunner(this, settings, example);
    }

    /** What runs single programs, in this process if that is possible. */
    Runner nearest() {
        Settings settings = Settings.ofOneProgram();
        return isolated != null ? new IsolatedRunner(this, isolated, settings) : new Session(this, settings);
    }

    /**
     * {@return an allocator of this target; close it after use}
     *
     * @throws TargetException if it cannot be loaded
     */
    public AllocatorUnderTest open() {
        return source.get();
    }

    private static AllocatorUnderTest glibc() {
        return new NativeAllocator("glibc", "", Target::addressInC, Promises.ofC().withAlignment(Promises.ofC().alignment()), () -> { });
    }

    /** Of a function of the C library; 0 if it has none of that name. */
    static long addressInC(String function) {
        return Linker.nativeLinker().defaultLookup().find(function).map(MemorySegment::address).orElse(0L);
    }

    private static AllocatorUnderTest instance(String spec, String name) {
        try {
            Object made = Class.forName(name).getConstructor().newInstance();
            if (made instanceof AllocatorUnderTest allocator) {
                return allocator;
            }
            throw new TargetException(spec + ": the class does not implement " + AllocatorUnderTest.class.getName());
        } catch (ClassNotFoundException absent) {
            throw new TargetException(spec + ": no such class on the class path, which the variable CLASSPATH names", absent);
        } catch (NoSuchMethodException | InstantiationException | IllegalAccessException absent) {
            throw new TargetException(spec + ": no class with a public constructor without parameters (" + absent + ")", absent);
        } catch (InvocationTargetException thrown) {
            throw new TargetException(spec + ": its constructor failed (" + thrown.getCause() + ")", thrown);
        }
    }

    @Override
    public String toString() {
        return spec;
    }
}
