package dev.banos.loader;

import dev.banos.bindings.FirstCall;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.FileBytes;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.Imports;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleLinker;
import dev.banos.loader.link.PhaseClock;
import dev.banos.loader.link.PhaseClock.Phase;
import dev.banos.loader.link.Selection;
import dev.banos.loader.process.CLibrary;
import dev.banos.loader.process.SharedLibrary;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Links objects that are no drivers into this process: object files, and from static archives the members that are needed.
 * Their functions are called by name, without {@code ld} and without a shared library.
 *
 * <pre>{@code
 *     try (LinkedLibrary zlib = ObjectLinker.create(InstallPolicy.superuser())
 *             .add(Path.of("libz.a")).require("crc32").link()) {
 *         Prototype.parse("unsigned long crc32(unsigned long, const char *, unsigned)").call(zlib, List.of("0", "abc", "3"));
 *     }
 * }</pre>
 *
 * Objects of one link may need each other. What none of them defines comes from {@link #define}, then from the C library and
 * what was loaded with {@link #library}. Create a linker for each link, and use it in one thread.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="objects"}
 */
public final class ObjectLinker {
    private final InstallPolicy policy;
    private final PhaseClock clock = new PhaseClock();
    private final Selection selection = new Selection();
    private final Map<String, Long> defined = new HashMap<>();
    private final List<String> required = new ArrayList<>();
    private Steps steps = new Steps(null);
    /** What messages call the module: the first file that was added, as archives that the files need stand behind them. */
    private @Nullable String first;

    private ObjectLinker(InstallPolicy policy) {
        this.policy = policy;
    }

    /**
     * Creates a linker for one link.
     *
     * @param policy asked for each file; the metadata of its requests is null, since these are no drivers
     * @return the linker
     */
    public static ObjectLinker create(InstallPolicy policy) {
        FirstCall.begin();
        return new ObjectLinker(policy);
    }

    /**
     * Calls the listener at the end of each phase from now on. What it throws ends the link, and nothing stays mapped.
     *
     * @param told the listener
     * @return this linker
     */
    public ObjectLinker withListener(Consumer<LoadStep> told) {
        steps = new Steps(told);
        return this;
    }

    /**
     * Adds an object file, which is linked as a whole, or an archive to take members from.
     *
     * @param file the object or archive
     * @return this linker
     * @throws LinkException if the file is neither, or the policy forbids it
     */
    public ObjectLinker add(Path file) {
        try {
            clock.skip();
            return add(file, FileBytes.read(file), file.toString());
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    /**
     * Adds an object file or archive from bytes in memory, as {@link #add(Path)}.
     *
     * @param bytes all of an object file or an archive; the linker and the library use this array from now on, so it must not change
     * @param file what messages call the bytes
     * @return this linker
     * @throws LinkException as {@link #add(Path)}
     */
    public ObjectLinker add(byte[] bytes, String file) {
        try {
            clock.skip();
            return add(null, bytes, file);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    private ObjectLinker add(@Nullable Path path, byte[] bytes, String file) {
        steps.next(file);
        clock.tell(steps);
        clock.ends(Phase.READ);
        String objection = policy.objection(new InstallPolicy.Request(path, bytes, null));
        if (objection != null) {
            throw new Refusal(Refusal.EPERM, file, null, -1, "not permitted: " + objection, null);
        }
        selection.add(bytes, file);
        clock.ends(Phase.PARSE);
        first = first == null ? file : first;
        return this;
    }

    /**
     * Takes the archive members that define these symbols. If this is never called, {@link #link} takes all members.
     *
     * @param symbols their names in C
     * @return this linker
     */
    public ObjectLinker require(String... symbols) {
        for (String symbol : symbols) {
            required.add(symbol);
            selection.require(symbol);
        }
        return this;
    }

    /**
     * Gives the objects a function or variable of that name. It takes precedence over those of libraries:
     * {@code define("malloc", …)}.
     *
     * @param symbol its name in C
     * @param address must stay valid until the library is closed, and all threads have ended that have thread-local objects of its
     *     code to destroy
     * @return this linker
     * @throws IllegalArgumentException when the name is empty, or the address 0
     */
    public ObjectLinker define(String symbol, MemorySegment address) {
        if (symbol.isEmpty() || address.address() == 0) {
            throw new IllegalArgumentException("symbol=" + symbol + " address=" + address.address() + ": neither may be empty");
        }
        defined.put(symbol, address.address());
        return this;
    }

    /**
     * Loads a shared library for everyone in this process, such as {@code libstdc++.so.6} for C++ objects, at any time before
     * {@link #link}. Its constructors run, and the policy is not asked: whoever chooses the name runs code in this process.
     *
     * @param file as {@code dlopen} takes it: a name that the dynamic linker looks for, or a path
     * @return this linker
     * @throws LinkException if the dynamic linker cannot load it
     */
    public ObjectLinker library(String file) {
        try {
            SharedLibrary.load(file);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
        return this;
    }

    /**
     * Links the objects, and runs their constructors.
     *
     * @return the library, open until its {@link LinkedLibrary#close}
     * @throws LinkException if something is missing, defined twice, or does not fit; nothing stays mapped
     */
    public LinkedLibrary link() {
        try {
            clock.skip();
            if (required.isEmpty()) {
                selection.takeAll();
            }
            String name = name();
            List<ElfObject> objects = selection.objects();
            clock.endsUntold(Phase.PARSE);
            steps.about(1);
            steps.next(name);
            NextClasses.loadForLibrary();
            LinkedModule module = ModuleLinker.link(name, objects, new Outside(defined), clock);
            start(module);
            clock.endsUntold(Phase.START);
            LinkedLibrary library = new LinkedLibrary(name, module, new TypeSource(name, objects));
            tellOfStart(library);
            return library;
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    private String name() {
        return first == null ? "objects" : first;
    }

    private void start(LinkedModule module) {
        try {
            requireDefined(module);
            Modules.loaded(module, "objects");
            module.start();
        } catch (Throwable failed) {
            Modules.unload(module);
            throw failed;
        }
    }

    private void tellOfStart(LinkedLibrary library) {
        try {
            steps.ended(Phase.START, clock.nanos(Phase.START));
        } catch (RuntimeException | Error thrown) {
            library.close();
            throw thrown;
        }
    }

    private void requireDefined(LinkedModule module) {
        List<String> missing = new ArrayList<>();
        for (String symbol : required) {
            if (module.symbol(symbol) == 0) {
                missing.add(symbol);
            }
        }
        if (!missing.isEmpty()) {
            throw new Refusal(Refusal.ENOENT, name(), null, -1, "no object defines " + String.join(", ", missing), module.remedyForMissing());
        }
    }

    /** A class of its own, for a lambda costs a JVM that has just started about ten milliseconds. */
    private record Outside(Map<String, Long> defined) implements Imports {
        @Override
        public long find(String symbol) {
            Long own = defined.get(symbol);
            return own != null ? own : CLibrary.find(symbol);
        }

        @Override
        public boolean isAtZero(String symbol) {
            Long own = defined.get(symbol);
            return own != null && own == 0;
        }

        @Override
        public boolean isWithin(String symbol) {
            return defined.containsKey(symbol);
        }

        @Override
        public boolean isThreadLocal(String symbol) {
            return !defined.containsKey(symbol) && CLibrary.isThreadLocal(symbol);
        }

        @Override
        public String remedy(boolean several) {
            String defines = several ? "defines them" : "defines it";
            return "add the object or archive that " + defines + ", or load the shared library that does:"
                    + " ObjectLinker.library(\"LIB.so\"), banos install with --library LIB.so";
        }
    }
}
