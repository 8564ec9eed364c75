package dev.banos.loader;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The drivers of a loader in the order of their installation. Written under the loader's lock, read without it, so that a
 * driver may look up symbols at any time. Of several drivers or exports with one name, the youngest is meant.
 */
final class InstalledDrivers {
    private final List<Driver> drivers = new CopyOnWriteArrayList<>();
    private final Replacements replacements;

    /** @param replacements the former instances, which need what they needed until they are gone */
    InstalledDrivers(Replacements replacements) {
        this.replacements = replacements;
    }

    void add(Driver driver) {
        drivers.add(driver);
    }

    void remove(Driver driver) {
        drivers.remove(driver);
    }

    /** The new one gets the place of the old one. */
    void exchange(Driver old, Driver next) {
        drivers.set(drivers.indexOf(old), next);
    }

    boolean isEmpty() {
        return drivers.isEmpty();
    }

    /** The oldest first. */
    List<Driver> all() {
        return List.copyOf(drivers);
    }

    /** @throws IllegalStateException if it is none of these */
    void require(Driver driver) {
        if (drivers.contains(driver)) {
            return;
        }
        String name = driver.name();
        throw new IllegalStateException("driver=" + name + (driver.isLatest() ? " is not installed in this loader"
                : drivers.contains(driver.latest()) ? " was replaced; loader.find(\"" + name + "\") is the one in its place"
                : " was replaced, and the one in its place is uninstalled"));
    }

    /** The driver of that name, or null. */
    @Nullable Driver named(String name, Set<Driver> less) {
        for (Driver driver : drivers.reversed()) {
            if (driver.name().equals(name) && !less.contains(driver)) {
                return driver;
            }
        }
        return null;
    }

    /** What a driver exports under that name, or null. */
    @Nullable Export export(String name, Set<Driver> less) {
        for (Driver driver : drivers.reversed()) {
            Export export = less.contains(driver) ? null : driver.exportOrNull(name);
            if (export != null) {
                return export;
            }
        }
        return null;
    }

    List<Driver> dependents(Driver driver) {
        List<Driver> dependents = new ArrayList<>();
        for (Driver other : drivers) {
            if (other.dependencies().contains(driver)) {
                dependents.add(other);
            }
        }
        for (Driver other : replacements.waiting()) {
            if (other.dependencies().contains(driver)) {
                dependents.add(other);
            }
        }
        return dependents;
    }

    /** The youngest that no other needs; where each is needed, the youngest; null where there is none. */
    @Nullable Driver last() {
        Set<Driver> needed = new HashSet<>();
        drivers.forEach(driver -> needed.addAll(driver.dependencies()));
        replacements.waiting().forEach(driver -> needed.addAll(driver.dependencies()));
        for (Driver driver : drivers.reversed()) {
            if (!needed.contains(driver)) {
                return driver;
            }
        }
        return drivers.isEmpty() ? null : drivers.getLast();
    }

    @Override
    public String toString() {
        return drivers.toString();
    }
}
