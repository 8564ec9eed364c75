package dev.banos.loader;

import dev.banos.bindings.FirstCall;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.debug.Sighting;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.host.HostScope;
import dev.banos.loader.link.PhaseClock.Phase;
import dev.banos.loader.process.SharedLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The host of drivers: installs relocatable objects ({@code cc -c driver.c}) into this process, finds what they export, and
 * uninstalls them again.
 *
 * <pre>{@code
 *     try (Loader loader = Loader.create()) {
 *         Driver driver = loader.install(Path.of("d.o"));
 *         System.out.println(Prototype.parse("int add(int, int)").call(driver, List.of("2", "3")));
 *     }
 * }</pre>
 *
 * A symbol that a driver does not define is looked up among what the host exports, then in the C library, then among the
 * exports of the installed drivers, the youngest first. Any thread may call any method; installing and uninstalling exclude each
 * other. A driver's {@code init} and {@code uninit} run in the calling thread.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="loader"}
 */
public final class Loader implements AutoCloseable {
    private final InstallPolicy policy;
    private final HostScope scope = new HostScope();
    private final ReentrantLock lock = new ReentrantLock();
    private final Replacements replacements = new Replacements();
    private final InstalledDrivers drivers = new InstalledDrivers(replacements);
    private final Scopes scopes;
    private final DriverStop stop;
    private volatile boolean replaceable;
    /** Null where nobody listens. */
    private volatile @Nullable Consumer<LoadStep> listener;
    private boolean closed;

    private Loader(InstallPolicy policy, Consumer<String> console) {
        this.policy = policy;
        this.scopes = new Scopes(lock, drivers, scope, console);
        this.stop = new DriverStop(drivers, scopes);
    }

    /** {@return a loader that lets the superuser install drivers, and prints their messages on standard error} */
    public static Loader create() {
        return create(InstallPolicy.superuser());
    }

    /**
     * Creates a loader that prints the messages of drivers on standard error.
     *
     * @param policy who may install which driver
     * @return the loader, open until its {@link #close}
     */
    public static Loader create(InstallPolicy policy) {
        return create(policy, new StandardError());
    }

    /** A class, for a lambda costs a JVM that has just started about ten milliseconds. */
    private static final class StandardError implements Consumer<String> {
        @Override
        public void accept(String line) {
            System.err.println(line);
        }
    }

    /**
     * Creates a loader that gives the messages of drivers to {@code console}.
     *
     * @param policy who may install which driver
     * @param console receives the lines that drivers print with {@code banos_dprintln}, on whatever thread they run
     * @return the loader, open until its {@link #close}
     */
    public static Loader create(InstallPolicy policy, Consumer<String> console) {
        FirstCall.begin();
        return new Loader(policy, console);
    }

    /**
     * Makes a function or variable of the application known to drivers that are installed from now on. It takes precedence over
     * one of the same name in the C library: {@code publish("malloc", …)} gives the drivers another allocator.
     *
     * @param name its name in C
     * @param address must stay valid until this loader is closed, and all threads have ended that have thread-local objects of its
     *     drivers to destroy
     * @throws IllegalArgumentException when the name is empty, or the address 0
     */
    public void publish(String name, MemorySegment address) {
        if (name.isEmpty() || address.address() == 0) {
            throw new IllegalArgumentException("name=" + name + " address=" + address.address() + ": neither may be empty");
        }
        scopes.host().publish(name, address);
    }

    /**
     * Loads a shared library for everyone in this process, such as {@code libstdc++.so.6} for drivers in C++. It stays loaded. Its
     * constructors run, and the policy is not asked: whoever chooses the name runs code in this process.
     *
     * @param file as {@code dlopen} takes it: a name that the dynamic linker looks for, or a path
     * @return this
     * @throws LinkException if the dynamic linker cannot load it
     * @throws IllegalStateException if this loader is closed
     */
    public Loader library(String file) {
        lock.lock();
        try {
            requireOpen();
        } finally {
            lock.unlock();
        }
        try {
            SharedLibrary.load(file);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
        return this;
    }

    /**
     * Links the driver into this process and runs its {@code init}. An archive must hold one driver, which gets the members that
     * it needs.
     *
     * @param path an object file or an archive
     * @return the driver, installed
     * @throws LinkException if the file cannot be read or linked, the policy forbids it, or init fails; nothing stays mapped
     */
    public Driver install(Path path) {
        try {
            Steps steps = steps(1);
            InstallPlan plan = new InstallPlan(policy, steps);
            plan.add(path);
            return installOne(plan.candidates(), steps);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    /**
     * Installs a driver from bytes in memory, as {@link #install(Path)}.
     *
     * @param bytes all of an object file or an archive; they are copied
     * @param name what messages call the bytes
     * @return the driver, installed
     * @throws LinkException as {@link #install(Path)}
     */
    public Driver install(byte[] bytes, String name) {
        try {
            Steps steps = steps(1);
            InstallPlan plan = new InstallPlan(policy, steps);
            plan.add(bytes.clone(), name);
            return installOne(plan.candidates(), steps);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    /**
     * Installs all drivers of the files. A driver comes after those that it needs, otherwise they are installed in the order given.
     * The members of archives are drivers of their own, or become part of the drivers that need them.
     *
     * @param files objects and archives
     * @return the drivers in the order in which they were installed
     * @throws LinkException as for one driver, or if drivers need each other in a circle. None of them stays installed, except one
     *     whose uninit refuses, whose own {@link LinkException} is among the suppressed ones
     */
    public List<Driver> install(List<Path> files) {
        try {
            Steps steps = steps(files.size());
            InstallPlan plan = new InstallPlan(policy, steps);
            for (Path file : files) {
                plan.add(file);
            }
            return installAll(plan.candidates(), steps);
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        }
    }

    private Steps steps(int files) {
        Steps steps = new Steps(listener);
        steps.about(files);
        return steps;
    }

    private Driver installOne(List<InstallPlan.Candidate> candidates, Steps steps) {
        return installAll(List.of(only(candidates)), steps).getFirst();
    }

    private static InstallPlan.Candidate only(List<InstallPlan.Candidate> candidates) {
        if (candidates.size() > 1) {
            throw Refusal.unsupported(candidates.getFirst().driver().file(), null, -1, "one of " + candidates.size()
                    + " drivers in this archive", "Loader.install(List.of(file)) installs them all");
        }
        return candidates.getFirst();
    }

    private List<Driver> installAll(List<InstallPlan.Candidate> candidates, Steps steps) {
        lock.lock();
        List<Driver> installed = new ArrayList<>();
        try {
            requireOpen();
            replacements.reap();
            steps.about(candidates.size());
            for (InstallPlan.Candidate candidate : InstallPlan.inOrder(candidates, scopes)) {
                steps.next(candidate.driver().file());
                candidate.clock().tell(steps);
                Driver driver = DriverStart.of(this, scopes, candidate, null, Set.of());
                drivers.add(driver);
                installed.add(driver);
                steps.ended(Phase.START, candidate.clock().nanos(Phase.START));
            }
            return installed;
        } catch (Throwable failed) {
            stop.takeBack(installed, failed);
            throw failed;
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("closed=true: this loader takes no more drivers");
        }
    }

    /**
     * Finds the youngest installed driver of that name.
     *
     * @param name the name that a driver gives itself
     * @return the driver
     * @throws IllegalArgumentException if there is none
     */
    public Driver find(String name) {
        Driver driver = drivers.named(name, Set.of());
        if (driver == null) {
            throw new IllegalArgumentException("name=" + name + ": no such driver is installed; installed: " + drivers);
        }
        return driver;
    }

    /** {@return the installed drivers, the oldest first} */
    public List<Driver> drivers() {
        return drivers.all();
    }

    /** {@return what the installed drivers export} */
    public List<Export> exports() {
        List<Export> exports = new ArrayList<>();
        drivers.all().forEach(driver -> exports.addAll(driver.exports()));
        return exports;
    }

    /** {@return the names of {@link #hostSymbols}, without making their functions} */
    public Set<String> hostSymbolNames() {
        return scopes.host().names();
    }

    /** {@return what the host exports to drivers, by name, without the symbols of the C library} */
    public Map<String, MemorySegment> hostSymbols() {
        return scopes.host().all();
    }

    /**
     * The host's exports as C sees them: an array of {@code struct Banos_Symbol}.
     *
     * @param into the array lives as long as this
     * @return the array, one entry for each of {@link #hostSymbols}
     */
    public MemorySegment hostTable(Arena into) {
        return scopes.host().table(into);
    }

    /**
     * Says what an address is, in any module of any loader or {@link ObjectLinker} of this process; or what it was, for the last
     * 256 modules that were unloaded. Empty if the address is in no module.
     *
     * @param address any number
     * @return what is known of it
     */
    public static Optional<Explanation> explain(long address) {
        Sighting sighting = Modules.find(address);
        return sighting == null ? Optional.empty() : Optional.of(Explanation.of(address, sighting));
    }

    HostScope hostScope() {
        return scope;
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

    /**
     * Calls the listener at the end of each phase of an installation, on the thread that installs, for installations that begin from
     * now on. What it throws ends the installation, and nothing of that stays installed.
     *
     * @param told the listener
     * @return this
     */
    public Loader withListener(Consumer<LoadStep> told) {
        listener = told;
        return this;
    }

    boolean isReplaceable() {
        return replaceable;
    }

    /**
     * {@return the replaced drivers that still wait for their last call to return, the oldest first} A later call of a method of
     * this loader unloads them.
     */
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
            InstallPlan plan = new InstallPlan(policy, new Steps(null));
            plan.add(file);
            Driver next = exchange(old, only(plan.candidates()), above);
            replacements.reap();
            return next;
        } catch (Refusal refusal) {
            throw LinkException.ofLoad(refusal);
        } finally {
            lock.unlock();
        }
    }

    private Driver exchange(Driver old, InstallPlan.Candidate candidate, Set<Driver> above) {
        Set<Driver> before = scopes.hide(above, old);
        try {
            Driver next = DriverStart.of(this, scopes, candidate, old, above);
            drivers.exchange(old, next);
            above.forEach(user -> user.exchangeDependency(old, next));
            old.replacedBy(next);
            replacements.retire(old, next, above);
            return next;
        } finally {
            scopes.restore(before);
        }
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
     * Runs the driver's {@code uninit} and unmaps it. Its pointers and handles are invalid afterwards.
     *
     * @param driver one that this loader installed
     * @throws LinkException if other drivers depend on it, a call into it is under way, or uninit fails. Then it stays installed;
     *     after a failed uninit, get its pointers and handles anew
     * @throws IllegalStateException if it is not installed here
     */
    public void uninstall(Driver driver) {
        lock.lock();
        try {
            replacements.reap();
            stop.stop(driver);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Uninstalls all drivers, the youngest first. If threads still have thread-local objects of drivers to destroy, what these need
     * stays in memory until a later close or uninstall, of any loader, library or driver.
     *
     * @throws LinkException if one of them cannot be uninstalled: it and the older ones stay, and close can be called again
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
                stop.stop(driver);
            }
            replacements.reap();
            replacements.requireNone();
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
