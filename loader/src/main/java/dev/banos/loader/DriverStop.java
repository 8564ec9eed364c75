package dev.banos.loader;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.text.Errno;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Takes drivers out: only those that nobody needs and nobody is in, and that agree. Called under the loader's lock. */
final class DriverStop {
    private final InstalledDrivers drivers;
    private final Scopes scopes;

    DriverStop(InstalledDrivers drivers, Scopes scopes) {
        this.drivers = drivers;
        this.scopes = scopes;
    }

    /** @throws Refusal if the driver must stay; it is as before, but a failed uninit has ended its pointers and handles */
    void stop(Driver driver) {
        drivers.require(driver);
        requireNotNeeded(driver);
        if (driver.isEnding() || !driver.hasAgreed() && !driver.closePointers()) {
            throw busy(driver, "has a call under way", "try again when it has returned");
        }
        Set<Driver> before = scopes.hide(Set.of(), driver);
        try {
            if (!driver.hasAgreed()) {
                uninit(driver);
            }
            driver.end(); // where Java breaks that off, the next try goes on from there
        } finally {
            scopes.restore(before);
        }
        drivers.remove(driver);
        driver.unmap();
    }

    /** Stops those that one call has installed, the youngest first; what refuses is told to the failure that is the reason. */
    void takeBack(List<Driver> installed, Throwable reason) {
        for (Driver driver : installed.reversed()) {
            try {
                if (driver.isInstalled()) { // who listens may have uninstalled it
                    stop(driver);
                }
            } catch (Refusal stays) {
                reason.addSuppressed(LinkException.of(stays));
            }
        }
    }

    private void requireNotNeeded(Driver driver) {
        List<Driver> dependents = drivers.dependents(driver);
        List<Driver> installed = dependents.stream().filter(Driver::isLatest).toList();
        if (!installed.isEmpty()) {
            throw busy(driver, "is needed by " + names(installed), "uninstall them first");
        }
        if (!dependents.isEmpty()) {
            throw busy(driver, "is needed by what was replaced and is there still: " + names(dependents),
                    "try again when Loader.replaced() has it no more");
        }
        if (scopes.isUsedByOneUnderWay(driver)) {
            throw busy(driver, "is needed by a driver that is being installed", "uninstall that one first");
        }
        if (scopes.isHidden(driver)) {
            throw busy(driver, "is being replaced or uninstalled, or uses one that is", "try again when that is done");
        }
    }

    private static String names(List<Driver> drivers) {
        return String.join(", ", drivers.stream().map(Driver::name).toList());
    }

    private static void uninit(Driver driver) {
        boolean hasAgreed = false;
        try {
            int result = driver.uninit();
            if (result < 0) {
                throw refused(driver, result, "the driver stays installed");
            }
            hasAgreed = true;
        } finally {
            if (!hasAgreed) {
                driver.reopenPointers();
            }
        }
    }

    static Refusal refused(Driver driver, int result, String consequence) {
        return new Refusal(-result, driver.file(), null, -1, "uninit of driver " + driver.name() + " returned " + result
                + " (" + Errno.describe(-result) + "); " + consequence, null);
    }

    static Refusal busy(Driver driver, String why, @Nullable String remedy) {
        return new Refusal(Refusal.EBUSY, driver.file(), null, -1, "driver " + driver.name() + " " + why, remedy);
    }
}
