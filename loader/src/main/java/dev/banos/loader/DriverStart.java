package dev.banos.loader;

import dev.banos.loader.abi.BanosDriver;
import dev.banos.loader.abi.ExportEntry;
import dev.banos.loader.debug.LoaderEvents;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleLinker;
import dev.banos.loader.link.PhaseClock.Phase;
import dev.banos.loader.process.ThreadLocalPlace;
import dev.banos.loader.text.Errno;
import dev.banos.loader.types.TypeSource;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * From a candidate to a driver whose {@code init} has run and that nobody else knows yet; or to nothing, whatever fails.
 *
 * <pre>
 *     link ──► exports ──► types agree ──► fits the old one ──► stubs ──► constructors ──► init ──► the old one's stubs
 * </pre>
 */
final class DriverStart {
    private final Loader loader;
    private final Scopes scopes;
    private final InstallPlan.Candidate candidate;
    /** The driver that it will replace, or null, and who depends on that one. */
    private final @Nullable Driver old;
    private final Set<Driver> above;
    private boolean hasStarted;
    private boolean hasInit;

    private DriverStart(Loader loader, Scopes scopes, InstallPlan.Candidate candidate, @Nullable Driver old, Set<Driver> above) {
        this.loader = loader;
        this.scopes = scopes;
        this.candidate = candidate;
        this.old = old;
        this.above = above;
    }

    /**
     * Called under the loader's lock.
     *
     * @param old the driver that it will replace, or null
     * @param above who depends on that one
     * @throws Refusal if it cannot be linked, or init fails; nothing stays mapped
     */
    static Driver of(Loader loader, Scopes scopes, InstallPlan.Candidate candidate, @Nullable Driver old, Set<Driver> above) {
        return new DriverStart(loader, scopes, candidate, old, above).link();
    }

    private Driver link() {
        Uses uses = scopes.begin();
        candidate.clock().skip();
        try {
            List<Driver> declared = scopes.declaredBy(candidate);
            uses.drivers().addAll(declared);
            makeHostFunctions();
            NextClasses.loadForDriver();
            candidate.clock().endsUntold(Phase.RESOLVE);
            LinkedModule module = ModuleLinker.link(candidate.driver().file(), candidate.objects(),
                    scopes.importsOf(candidate, declared, uses), candidate.clock());
            return start(module, uses);
        } finally {
            scopes.end();
        }
    }

    /**
     * Those that it imports, before the link needs memory: the first function of the host takes a JVM that has just started long to
     * make, as does the first call to map memory, which another thread makes meanwhile.
     */
    private void makeHostFunctions() {
        for (ElfObject object : candidate.objects()) {
            for (int symbol : object.symbols().undefined()) {
                scopes.host().prepare(object.symbols().name(symbol));
            }
        }
    }

    private Driver start(LinkedModule module, Uses uses) {
        Driver driver = null;
        try {
            int section = candidate.driver().sections().find(BanosDriver.SECTION);
            driver = new Driver(loader, candidate.metadata(), module, module.sectionAddress(0, section), uses,
                    new TypeSource(module.name(), candidate.objects()), old);
            requireFunctions(module, driver);
            for (int i = 0; i < candidate.objects().size(); i++) {
                addExports(driver, candidate.objects().get(i), i, module);
            }
            ImportTypes.requireAgreement(driver, uses.imports());
            Modules.loaded(module, "driver " + driver.name());
            if (old != null) {
                Replacements.requireFits(old, driver, above);
            }
            if (loader.isReplaceable()) {
                driver.addStubs(old);
            }
            long began = System.nanoTime();
            module.start();
            hasStarted = true;
            init(driver, began);
            hasInit = true;
            if (old != null) {
                driver.takeStubs(old);
            }
            return driver;
        } catch (Throwable failed) {
            undo(module, driver, failed);
            throw failed;
        }
    }

    /** The file tells only that something will stand there. */
    private static void requireFunctions(LinkedModule module, Driver driver) {
        if (driver.initAddress() == 0) {
            throw noFunction(driver, "init", "is weak, and defined nowhere");
        }
        if (module.contains(driver.initAddress()) && !module.isCode(driver.initAddress())) {
            throw noFunction(driver, "init", "is data");
        }
        if (module.contains(driver.uninitAddress()) && !module.isCode(driver.uninitAddress())) {
            throw noFunction(driver, "uninit", "is data");
        }
    }

    private static Refusal noFunction(Driver driver, String field, String why) {
        return new Refusal(Refusal.ENOEXEC, driver.file(), null, -1, field + " of driver " + driver.name() + " " + why,
                "set ." + field + " to a function");
    }

    private void addExports(Driver driver, ElfObject object, int index, LinkedModule module) {
        for (ExportEntry entry : ExportEntry.read(object)) {
            if (!module.isPlaced(index, entry.section())) {
                continue; // inline in C++: another object's copy was kept
            }
            if (driver.exportOrNull(entry.name()) != null) {
                throw entry.secondOfItsName(object);
            }
            ThreadLocalPlace place = entry.threadLocal() ? module.threadLocal(index, entry.symbol()) : null;
            if (entry.threadLocal() && place == null) {
                throw entry.isNowhere(object);
            }
            long pointer = entry.pointer(module.sectionAddress(index, entry.section()));
            if (pointer == 0) {
                throw entry.pointsToNothing(object);
            }
            driver.add(new Export(driver, index, entry, pointer, place));
        }
    }

    private void init(Driver driver, long began) {
        int result = driver.init();
        LoaderEvents.ran(driver.name(), "init", result, System.nanoTime() - began);
        candidate.clock().endsUntold(Phase.START);
        if (result < 0) {
            throw new Refusal(-result, driver.file(), null, -1, "init of driver " + driver.name() + " returned " + result
                    + " (" + Errno.describe(-result) + ")", null);
        }
    }

    private void undo(LinkedModule module, @Nullable Driver driver, Throwable reason) {
        if (driver != null) {
            driver.closePointers();
            int result = hasInit ? driver.uninit() : 0;
            if (result < 0) {
                reason.addSuppressed(LinkException.of(DriverStop.refused(driver, result, "its memory stays, for what it has given away")));
                return;
            }
        }
        if (hasStarted) {
            module.stop();
        }
        if (driver != null) {
            module.uses(driver.uses());
            driver.unmapStubs();
        }
        Modules.unload(module);
    }
}
