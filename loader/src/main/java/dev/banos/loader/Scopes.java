package dev.banos.loader;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.host.HostFunctions;
import dev.banos.loader.host.HostScope;
import dev.banos.loader.link.Imports;
import dev.banos.loader.process.CLibrary;
import dev.banos.loader.process.CppThreadLocal;
import dev.banos.loader.process.ThreadLocalPlace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the symbols of a driver see: the host's exports, then the C library, then what installed drivers export. What a driver that
 * is being installed has found so far is kept here, since its {@code init} may look for more. All but looking names up is under the
 * loader's lock.
 */
final class Scopes implements InstallPlan.Elsewhere {
    private final ReentrantLock lock;
    private final InstalledDrivers drivers;
    private final HostFunctions host;
    /** What each driver that is being installed uses, the innermost first: {@code init} may print, and who listens may install. */
    private final Deque<Uses> underWay = new ArrayDeque<>();
    /**
     * What an import must not find and nobody may uninstall, since init or uninit may return to the loader: a driver that is
     * being uninstalled; one that is being replaced, and who depends on it.
     */
    private Set<Driver> hidden = Set.of();

    /**
     * @param lock the loader's
     * @param scope of the host's functions
     * @param console where drivers print
     */
    Scopes(ReentrantLock lock, InstalledDrivers drivers, HostScope scope, Consumer<String> console) {
        this.lock = lock;
        this.drivers = drivers;
        this.host = new HostFunctions(scope, console, new Lookup());
    }

    HostFunctions host() {
        return host;
    }

    /** What {@code banos_lookup_symbol} finds of drivers; a class of its own, since lambdas cost the start of a JVM dearly. */
    private final class Lookup implements ToLongFunction<String> {
        @Override
        public long applyAsLong(String name) {
            return findExport(name);
        }
    }

    /** The address of what an installed driver exports, or 0. During an installation, whose it is becomes a dependency. */
    private long findExport(String name) {
        boolean installing = lock.isHeldByCurrentThread() && !underWay.isEmpty();
        Export export = drivers.export(name, installing ? hidden : Set.of());
        if (export == null) {
            return 0;
        }
        if (installing) {
            underWay.element().add(export);
        }
        return export.importAddress();
    }

    @Override
    public boolean has(String symbol) {
        return findOutside(symbol) != 0;
    }

    @Override
    public boolean isExported(String driver, String symbol) {
        Driver named = drivers.named(driver, hidden);
        return named != null && named.exportOrNull(symbol) != null;
    }

    /** The address of what is there without any driver, or 0. */
    long findOutside(String name) {
        long address = host.find(name);
        return address != 0 ? address : CLibrary.find(name);
    }

    /** From here on, what the calling thread looks up is used by the driver that it installs. */
    Uses begin() {
        Uses uses = new Uses();
        underWay.push(uses);
        return uses;
    }

    void end() {
        underWay.pop();
    }

    boolean isUsedByOneUnderWay(Driver driver) {
        for (Uses uses : underWay) {
            if (uses.drivers().contains(driver)) {
                return true;
            }
        }
        return false;
    }

    /** Returns what was hidden before, for {@link #restore}. */
    Set<Driver> hide(Set<Driver> some, Driver another) {
        Set<Driver> before = hidden;
        hidden = new LinkedHashSet<>(before);
        hidden.addAll(some);
        hidden.add(another);
        return before;
    }

    void restore(Set<Driver> before) {
        hidden = before;
    }

    boolean isHidden(Driver driver) {
        return hidden.contains(driver);
    }

    /**
     * The drivers that it names itself.
     *
     * @throws Refusal if one of them is not installed, or is itself
     */
    List<Driver> declaredBy(InstallPlan.Candidate candidate) {
        List<Driver> declared = new ArrayList<>();
        for (String name : candidate.metadata().needs()) {
            Driver needed = drivers.named(name, hidden);
            if (needed == null) {
                throw missing(candidate, name);
            }
            declared.add(needed);
        }
        return declared;
    }

    private static Refusal missing(InstallPlan.Candidate candidate, String needed) {
        String own = candidate.metadata().name();
        return needed.equals(own)
                ? new Refusal(Refusal.ELOOP, candidate.driver().file(), null, -1, "driver " + own + " needs itself by its name",
                        "remove that BANOS_NEEDS; a driver sees its own symbols without it")
                : new Refusal(Refusal.ENOENT, candidate.driver().file(), null, -1, "driver " + own + " needs driver " + needed
                        + ", which is not installed", "install it first, or in the same call");
    }

    /** Where a driver's imports are looked for; what is found of drivers is added to what it uses. */
    Imports importsOf(InstallPlan.Candidate importer, List<Driver> declared, Uses uses) {
        return new DriverImports(this, importer.driver().file(), declared, uses);
    }

    private record DriverImports(Scopes scopes, String file, List<Driver> declared, Uses uses) implements Imports {
        @Override
        public long find(String name) {
            long address = scopes.findOutside(name);
            if (address != 0) {
                return address;
            }
            Export export = export(name);
            if (export == null) {
                return initialiser(name);
            }
            if (export.isThreadLocal()) {
                throw otherKind(export, "is thread-local, and declared here as if it were not", "declare it with _Thread_local");
            }
            uses.addImport(name, export);
            return export.importAddress();
        }

        @Override
        public boolean isThreadLocal(String name) {
            return scopes.host.find(name) == 0 && CLibrary.isThreadLocal(name);
        }

        @Override
        public @Nullable ThreadLocalPlace findThreadLocal(String name) {
            Export export = export(name);
            if (export == null) {
                return null;
            }
            if (!export.isThreadLocal()) {
                throw otherKind(export, "is not thread-local, but declared so here", "declare it without _Thread_local, or export it with"
                        + " BANOS_EXPORT_THREAD_LOCAL");
            }
            uses.addImport(name, export);
            return export.place();
        }

        private Refusal otherKind(Export export, String difference, String remedy) {
            return new Refusal(Refusal.EINVAL, file, null, -1, export.name() + " of driver " + export.driver().name() + " "
                    + difference, remedy);
        }

        /** C++ calls it before the variable's first use in a thread, where there is one; the variable itself is imported as well. */
        private long initialiser(String name) {
            String variable = CppThreadLocal.initialised(name);
            Export export = variable == null ? null : export(variable);
            return export == null ? 0 : export.initialiser();
        }

        /** Of several drivers that export the name, one that the importer declares comes first. */
        private @Nullable Export export(String name) {
            for (Driver driver : declared) {
                Export export = driver.exportOrNull(name);
                if (export != null) {
                    return export;
                }
            }
            return scopes.drivers.export(name, scopes.hidden);
        }
    }
}
