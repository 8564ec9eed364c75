package dev.banos.loader;

import dev.banos.loader.debug.LoaderEvents;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.debug.Sighting;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.CLibrary;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleLinker;
import dev.banos.loader.link.PhaseClock.Phase;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The host of drivers: installs ordinary relocatable objects ({@code cc -c driver.c}) into this process, finds what they
 * export, and takes them out again.
 *
 * <pre>{@code
 *     try (Loader loader = Loader.create()) {
 *         Driver driver = loader.install(Path.of("d.o"));
 *         System.out.println(Prototype.parse("int add(int, int)").call(driver, List.of("2", "3")));
 *     }
 * }</pre>
 *
 * A symbol that a driver does not define is looked for among what the host exports, then in the C library, then among the
 * exports of the installed drivers, the youngest first. All methods may be called by any thread; installing and uninstalling
 * exclude each other. A driver's {@code init} and {@code uninit} run in the calling thread.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="loader"}
 */
public final class Loader implements AutoCloseable {
    private final InstallPolicy policy;
    private final Arena scope = Arena.ofShared();
    private final HostFunctions host;
    private final ReentrantLock lock = new ReentrantLock();
    /**
     * What each driver that is being installed has used so far, the innermost first: {@code init} may print, and who listens
     * may install. Only under the lock.
     */
    private final Deque<Uses> underWay = new ArrayDeque<>();
    private final Replacements replacements = new Replacements();
    private final InstalledDrivers drivers = new InstalledDrivers(replacements);
    /**
     * What an import must not find and nobody may uninstall, since init or uninit may return to this loader: a driver that is
     * being uninstalled; one that is being replaced, and who depends on it. Only under the lock.
     */
    private Set<Driver> hidden = Set.of();
    private volatile boolean replaceable;
    private boolean closed;

    private Loader(InstallPolicy policy, Consumer<String> console) {
        this.policy = policy;
        this.host = new HostFunctions(scope, console, this::findExport);
    }

    /** A loader that lets the superuser install drivers, and prints their messages on standard error. */
    public static Loader create() {
        return create(InstallPolicy.superuser());
    }

    public static Loader create(InstallPolicy policy) {
        return create(policy, System.err::println);
    }

    /** @param console receives the lines that drivers print with {@code banos_dprintln}, on whatever thread they run */
    public static Loader create(InstallPolicy policy, Consumer<String> console) {
        return new Loader(policy, console);
    }

    /**
     * Makes a function or variable of the application known to drivers that are installed from now on. It comes before one
     * of the same name in the C library: {@code publish("malloc", …)} gives them another allocator.
     *
     * @param address must stay valid until this loader is closed
     */
    public void publish(String name, MemorySegment address) {
        if (name.isEmpty() || address.address() == 0) {
            throw new IllegalArgumentException("name=" + name + " address=" + address.address() + ": neither may be empty");
        }
        host.publish(name, address);
    }

    /**
     * Links the driver into this process and runs its {@code init}. An archive is taken for the one driver in it, with the
     * members that the driver needs.
     *
     * @throws LinkException if the file cannot be read or linked, the policy forbids it, or init fails; nothing stays mapped
     */
    public Driver install(Path path) {
        try {
            InstallPlan plan = new InstallPlan(policy);
            plan.add(path);
            return installOne(plan.candidates());
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /** @param name what messages call the bytes */
    public Driver install(byte[] bytes, String name) {
        try {
            InstallPlan plan = new InstallPlan(policy);
            plan.add(bytes.clone(), name);
            return installOne(plan.candidates());
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Installs all drivers of the files, those that others need before them, otherwise in the order given. The members of
     * archives are drivers of their own, or become part of the drivers that need them.
     *
     * @return the drivers in the order in which they were installed
     * @throws LinkException as for one driver, or if drivers need each other in a circle; none of them stays installed
     */
    public List<Driver> install(List<Path> files) {
        try {
            InstallPlan plan = new InstallPlan(policy);
            for (Path file : files) {
                plan.add(file);
            }
            return installAll(plan.candidates());
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    private Driver installOne(List<InstallPlan.Candidate> candidates) {
        return installAll(List.of(only(candidates))).getFirst();
    }

    private static InstallPlan.Candidate only(List<InstallPlan.Candidate> candidates) {
        if (candidates.size() > 1) {
            throw Refusal.unsupported(candidates.getFirst().driver().file(), null, -1, "one of " + candidates.size()
                    + " drivers in this archive", "Loader.install(List.of(file)) installs them all");
        }
        return candidates.getFirst();
    }

    private List<Driver> installAll(List<InstallPlan.Candidate> candidates) {
        lock.lock();
        List<Driver> installed = new ArrayList<>();
        try {
            requireOpen();
            replacements.reap();
            for (InstallPlan.Candidate candidate : InstallPlan.inOrder(candidates, this::isElsewhere)) {
                installed.add(start(candidate));
            }
            return installed;
        } catch (Throwable failed) {
            takeBack(installed, failed);
            throw failed;
        } finally {
            lock.unlock();
        }
    }

    private boolean isElsewhere(String symbol) {
        return findOutside(symbol) != 0;
    }

    private void takeBack(List<Driver> installed, Throwable failed) {
        for (Driver driver : installed.reversed()) {
            try {
                stop(driver);
            } catch (Refusal stays) {
                failed.addSuppressed(stays);
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("closed=true: this loader takes no more drivers");
        }
    }

    private Driver start(InstallPlan.Candidate candidate) {
        Driver driver = start(candidate, null, Set.of());
        drivers.add(driver);
        return driver;
    }

    /**
     * @param old the driver that it will replace, or null
     * @return the driver, which has started and which nobody else knows yet
     */
    private Driver start(InstallPlan.Candidate candidate, Driver old, Set<Driver> above) {
        Uses uses = new Uses();
        underWay.push(uses);
        candidate.clock().skip();
        try {
            List<Driver> declared = declared(candidate);
            uses.drivers().addAll(declared);
            LinkedModule module = ModuleLinker.link(candidate.driver().file(), candidate.objects(),
                    symbol -> findImport(symbol, declared, uses), candidate.clock());
            return start(candidate, module, uses, old, above);
        } finally {
            underWay.pop();
        }
    }

    private List<Driver> declared(InstallPlan.Candidate candidate) {
        List<Driver> declared = new ArrayList<>();
        for (String name : candidate.metadata().needs()) {
            Driver needed = drivers.named(name, hidden);
            if (needed == null) {
                throw new Refusal(Refusal.ENOENT, candidate.driver().file(), null, -1, "driver " + candidate.metadata().name()
                        + " needs driver " + name + ", which is not installed", "install it first, or in the same call");
            }
            declared.add(needed);
        }
        return declared;
    }

    private Driver start(InstallPlan.Candidate candidate, LinkedModule module, Uses uses, Driver old, Set<Driver> above) {
        Driver driver = null;
        boolean started = false;
        try {
            int section = candidate.driver().sections().find(BanosDriver.SECTION);
            driver = new Driver(this, candidate.metadata(), module, module.sectionAddress(0, section), uses,
                    new TypeSource(module.name(), candidate.objects()));
            for (int i = 0; i < candidate.objects().size(); i++) {
                addExports(driver, candidate.objects().get(i), i, module);
            }
            ImportTypes.requireAgreement(driver, uses.imports());
            Modules.loaded(module, "driver " + driver.name());
            if (old != null) {
                Replacements.requireFits(old, driver, above);
            }
            if (replaceable) {
                driver.addStubs(old);
            }
            module.start();
            started = true;
            int result = driver.init();
            LoaderEvents.ran(driver.name(), "init", result, candidate.clock().ends(Phase.START));
            requireSuccess(driver, result);
            return driver;
        } catch (Throwable failed) {
            if (driver != null) {
                driver.closePointers();
                driver.unmapStubs();
            }
            if (started) {
                module.stop();
            }
            Modules.unload(module);
            throw failed;
        }
    }

    private static void addExports(Driver driver, ElfObject object, int index, LinkedModule module) {
        int section = object.sections().find(BanosSymbol.SECTION);
        if (section < 0) {
            return;
        }
        long table = module.sectionAddress(index, section);
        for (ExportEntry entry : ExportEntry.read(object)) {
            if (driver.exportOrNull(entry.name()) != null) {
                throw Refusal.malformed(object.file(), object.sections().label(section), entry.index(),
                        "a second export of the name " + entry.name());
            }
            driver.add(new Export(driver, entry.name(), index, entry.symbol(), BanosSymbol.arg(table, entry.index())));
        }
    }

    private static void requireSuccess(Driver driver, int result) {
        if (result < 0) {
            throw new Refusal(-result, driver.file(), null, -1, "init of driver " + driver.name() + " returned " + result
                    + " (" + Errno.describe(-result) + ")", null);
        }
    }

    private long findImport(String name, List<Driver> declared, Uses uses) {
        long address = findOutside(name);
        if (address != 0) {
            return address;
        }
        Export export = exportFor(name, declared);
        return export == null ? 0 : uses.addImport(name, export);
    }

    /** Of several drivers that export the name, one that the importer declares comes first. */
    private Export exportFor(String name, List<Driver> declared) {
        for (Driver driver : declared) {
            Export export = driver.exportOrNull(name);
            if (export != null) {
                return export;
            }
        }
        return drivers.export(name, hidden);
    }

    private long findOutside(String name) {
        long address = host.find(name);
        return address != 0 ? address : CLibrary.find(name);
    }

    /** The address of what an installed driver exports, or 0. During an installation, whose it is becomes a dependency. */
    private long findExport(String name) {
        boolean installing = lock.isHeldByCurrentThread() && !underWay.isEmpty();
        Export export = drivers.export(name, installing ? hidden : Set.of());
        if (export == null) {
            return 0;
        }
        return installing ? underWay.element().add(export) : export.importAddress();
    }

    /**
     * The youngest installed driver of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Driver find(String name) {
        Driver driver = drivers.named(name, Set.of());
        if (driver == null) {
            throw new IllegalArgumentException("name=" + name + ": no such driver is installed; installed: " + drivers);
        }
        return driver;
    }

    /** The installed drivers, the oldest first. */
    public List<Driver> drivers() {
        return drivers.all();
    }

    /** What the installed drivers export. */
    public List<Export> exports() {
        List<Export> exports = new ArrayList<>();
        drivers.all().forEach(driver -> exports.addAll(driver.exports()));
        return exports;
    }

    /** The names of {@link #hostSymbols}, without making a function of any of them. */
    public Set<String> hostSymbolNames() {
        return host.names();
    }

    /** What the host exports to drivers, by name, beside the symbols of the C library. */
    public Map<String, MemorySegment> hostSymbols() {
        return host.all();
    }

    /** The host's exports as C sees them: an array of {@code struct Banos_Symbol}, alive as long as {@code into}. */
    public MemorySegment hostTable(Arena into) {
        return host.table(into);
    }

    /**
     * What the address is in any module of this process, of whatever loader or {@link ObjectLinker}; or what it was, as the last
     * 256 modules that were unloaded are remembered. Empty for an address that is of no module.
     */
    public static Optional<Explanation> explain(long address) {
        Sighting sighting = Modules.find(address);
        return sighting == null ? Optional.empty() : Optional.of(Explanation.of(address, sighting));
    }

    List<Driver> dependents(Driver driver) {
        return drivers.dependents(driver);
    }

    /**
     * Lets drivers be replaced while others use them; called before any is installed. Drivers then reach each other's functions
     * through stubs, and handles look up the driver at each call.
     *
     * @return this
     * @throws IllegalStateException if there are drivers already
     */
    public Loader replaceable() {
        lock.lock();
        try {
            if (!drivers.isEmpty()) {
                throw new IllegalStateException("drivers=" + drivers + ": some are bound for good; ask for it before the first");
            }
            replaceable = true;
            return this;
        } finally {
            lock.unlock();
        }
    }

    boolean isReplaceable() {
        return replaceable;
    }

    /** Those that wait for their last call, the oldest first; calls of this loader unload them when it has returned. */
    public List<Driver> replaced() {
        lock.lock();
        try {
            replacements.reap();
            return replacements.waiting();
        } finally {
            lock.unlock();
        }
    }

    /** @see Driver#replaceWith */
    Driver replace(Driver old, Path file) {
        lock.lock();
        try {
            requireOpen();
            requireReplaceable(old);
            replacements.reap();
            Set<Driver> above = Replacements.above(old, drivers.all());
            Replacements.requireNoVariablesInUse(old, above);
            InstallPlan plan = new InstallPlan(policy);
            plan.add(file);
            Driver next = exchange(old, only(plan.candidates()), above);
            replacements.reap();
            return next;
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        } finally {
            lock.unlock();
        }
    }

    private Driver exchange(Driver old, InstallPlan.Candidate candidate, Set<Driver> above) {
        Set<Driver> before = hide(above, old);
        try {
            Driver next = start(candidate, old, above);
            next.takeStubs(old);
            drivers.exchange(old, next);
            above.forEach(user -> user.exchangeDependency(old, next));
            old.replacedBy(next);
            replacements.retire(old, next, above);
            return next;
        } finally {
            hidden = before;
        }
    }

    /** Returns what was hidden before. */
    private Set<Driver> hide(Set<Driver> some, Driver another) {
        Set<Driver> before = hidden;
        hidden = new LinkedHashSet<>(before);
        hidden.addAll(some);
        hidden.add(another);
        return before;
    }

    private void requireReplaceable(Driver old) {
        if (!replaceable) {
            throw new IllegalStateException("replaceable=false: ask for it with Loader.create(…).replaceable()");
        }
        if (lock.getHoldCount() > 1) {
            throw new IllegalStateException("init or uninit of a driver is under way: it returns to this loader");
        }
        drivers.require(old);
    }

    /**
     * Runs the driver's {@code uninit} and unmaps it. Its pointers and handles are dead afterwards.
     *
     * @throws LinkException if other drivers depend on it, a call into it is under way, or uninit fails; it stays installed.
     *         After a failed uninit, its pointers and handles must be asked for anew
     * @throws IllegalStateException if it is not installed here
     */
    public void uninstall(Driver driver) {
        lock.lock();
        try {
            replacements.reap();
            stop(driver);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        } finally {
            lock.unlock();
        }
    }

    private void stop(Driver driver) {
        drivers.require(driver);
        List<Driver> dependents = dependents(driver);
        if (!dependents.isEmpty()) {
            throw busy(driver, "is needed by " + String.join(", ", dependents.stream().map(Driver::name).toList()),
                    "uninstall them first");
        }
        if (underWay.stream().anyMatch(uses -> uses.drivers().contains(driver))) {
            throw busy(driver, "is needed by a driver that is being installed", "uninstall that one first");
        }
        if (hidden.contains(driver)) {
            throw busy(driver, "is being replaced or uninstalled, or uses one that is", "try again when that is done");
        }
        if (!driver.closePointers()) {
            throw busy(driver, "has a call under way", "try again when it has returned");
        }
        int result = uninit(driver);
        if (result < 0) {
            driver.reopenPointers();
            throw new Refusal(-result, driver.file(), null, -1, "uninit of driver " + driver.name() + " returned " + result
                    + " (" + Errno.describe(-result) + "); the driver stays installed", null);
        }
        drivers.remove(driver);
        driver.unmap();
        driver.unmapStubs();
    }

    private int uninit(Driver driver) {
        Set<Driver> before = hide(Set.of(), driver);
        long began = System.nanoTime();
        try {
            int result = driver.uninit();
            LoaderEvents.ran(driver.name(), "uninit", result, System.nanoTime() - began);
            return result;
        } finally {
            hidden = before;
        }
    }

    private static Refusal busy(Driver driver, String why, String remedy) {
        return new Refusal(Refusal.EBUSY, driver.file(), null, -1, "driver " + driver.name() + " " + why, remedy);
    }

    /**
     * Uninstalls all drivers, the youngest first.
     *
     * @throws LinkException if one of them cannot be uninstalled: it and the older ones stay, and close may be called again
     * @throws IllegalStateException if a driver's init or uninit is under way in this thread
     */
    @Override
    public void close() {
        lock.lock();
        try {
            if (lock.getHoldCount() > 1) {
                throw new IllegalStateException("init or uninit of a driver is under way: it returns to this loader");
            }
            replacements.reap();
            for (Driver driver = drivers.last(); driver != null; driver = drivers.last()) {
                stop(driver);
            }
            replacements.reap();
            for (Driver old : replacements.waiting()) {
                throw busy(old, "was replaced, and has a call under way or an uninit that refuses", "try again later");
            }
            if (!closed) {
                closed = true;
                scope.close();
            }
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        } finally {
            lock.unlock();
        }
    }
}
