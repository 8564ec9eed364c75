package dev.banos.loader;

import dev.banos.loader.call.Lifetime;
import dev.banos.loader.elf.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Instances of drivers that others have taken the place of. All of it is under the loader's lock.
 *
 * <pre>
 *     check ──► load and init the new one ──► exchange the stubs ──► old one waits ──► uninit, unmap
 *     a failure up to here changes nothing                            until no call can be in it
 * </pre>
 * A call is in the old instance if it came through a handle of it, or through a handle of a driver that depends on it, before
 * the exchange. Both count in the lifetimes of those drivers' pointers; so each gets a new lifetime at the exchange, and when
 * the former ones can be closed, the old instance is empty. Later ones wait for earlier ones, which may be calling them. A driver
 * that has given out such a lifetime is not empty either before it is closed, see {@link Driver#closePointers}.
 */
final class Replacements {
    private static final class Retired {
        private final Driver driver;
        /** That calls still hold. */
        private final List<Lifetime> lifetimes;
        /** What its uninit said last, if that has run. */
        private int refused;

        Retired(Driver driver, List<Lifetime> lifetimes) {
            this.driver = driver;
            this.lifetimes = lifetimes;
        }

        /** Whether no call is in it any more and its uninit, which this runs, has succeeded. */
        boolean hasAgreed() {
            lifetimes.removeIf(Lifetime::isOver);
            if (!lifetimes.isEmpty()) {
                return false;
            }
            refused = driver.hasAgreed() ? 0 : driver.uninit();
            return refused >= 0; // else it knows why it must stay for now, and is asked again
        }

        Refusal stays() {
            return refused < 0 ? DriverStop.refused(driver, refused, "it was replaced, and is asked again at each call of the loader")
                    : DriverStop.busy(driver, "was replaced, and has a call under way", "try again when it has returned");
        }
    }

    /** The oldest first. Others read it without the lock. */
    private final List<Retired> retired = new CopyOnWriteArrayList<>();
    private boolean reaping;

    /** The drivers that may call into this one, directly or not. */
    static Set<Driver> above(Driver driver, List<Driver> installed) {
        Set<Driver> above = new LinkedHashSet<>();
        int known;
        do {
            known = above.size();
            for (Driver candidate : installed) {
                Set<Driver> needs = candidate.dependencies();
                if (needs.contains(driver) || needs.stream().anyMatch(above::contains)) {
                    above.add(candidate);
                }
            }
        } while (above.size() > known);
        return above;
    }

    /** Variables cannot be exchanged: the code of who uses them holds their addresses. */
    static void requireNoVariablesInUse(Driver old, Set<Driver> above) {
        for (Driver user : above) {
            for (Export variable : user.variables()) {
                if (variable.driver() == old) {
                    throw refusal(old, "its variable " + variable.name() + " is used by " + user.name()
                            + ", whose code holds its address", "uninstall " + user.name() + " first, or export a function");
                }
            }
        }
    }

    /** Called when the new instance is linked and nothing of it has run. */
    static void requireFits(Driver old, Driver next, Set<Driver> above) {
        if (!next.name().equals(old.name())) {
            throw refusal(old, next.file() + " is driver " + next.name(), "uninstall the one and install the other");
        }
        for (Driver needed : next.dependencies()) {
            if (needed == old || above.contains(needed)) {
                throw refusal(old, "the new one needs " + needed.name() + ", which needs the old one", null);
            }
        }
        for (Export before : old.exports()) {
            Export after = next.exportOrNull(before.name());
            if (after == null || !kind(after).equals(kind(before))) {
                throw refusal(old, next.file() + (after == null ? " exports no " + before.name()
                        : ": " + before.name() + " was a " + kind(before) + ", and is a " + kind(after) + " there"),
                        "a replacement exports all that the old one exports");
            }
            requireSameType(old, before, after);
        }
    }

    private static String kind(Export export) {
        return export.isThreadLocal() ? "thread-local variable" : export.isFunction() ? "function" : "variable";
    }

    private static void requireSameType(Driver old, Export before, Export after) {
        String difference = ImportTypes.difference(before, after);
        if (difference != null) {
            throw refusal(old, before.name() + " is " + before.declaration().orElse("of one type") + " now, and "
                    + after.declaration().orElse("of another") + " in " + after.driver().file() + ": " + difference,
                    "export it under another name");
        }
    }

    private static Refusal refusal(Driver old, String why, @Nullable String remedy) {
        return new Refusal(Refusal.EINVAL, old.file(), null, -1, "driver " + old.name() + " cannot be replaced: " + why, remedy);
    }

    /** The exchange has been made: from now on, nobody new comes into the old instance. */
    void retire(Driver old, Driver next, Set<Driver> above) {
        retired.forEach(earlier -> earlier.driver.exchangeDependency(old, next)); // calls in it now reach the new one
        List<Lifetime> lifetimes = new ArrayList<>();
        lifetimes.add(old.endPointers());
        for (Driver user : above) {
            lifetimes.add(user.renewPointers());
        }
        retired.add(new Retired(old, lifetimes));
    }

    /** Stops and unmaps those that no call is in any more; from within an uninit that this runs, it does nothing. */
    void reap() {
        if (reaping) {
            return;
        }
        reaping = true;
        try {
            while (!retired.isEmpty() && retired.getFirst().hasAgreed()) {
                retired.getFirst().driver.end(); // where Java breaks that off, the next call of the loader goes on from there
                retired.removeFirst().driver.unmap();
            }
        } finally {
            reaping = false;
        }
    }

    /** The instances that wait for their last call, or whose uninit refused, the oldest first. */
    List<Driver> waiting() {
        return retired.stream().map(waiting -> waiting.driver).toList();
    }

    /** @throws Refusal if one is left; it says why the oldest is, which others may wait for */
    void requireNone() {
        if (!retired.isEmpty()) {
            throw retired.getFirst().stays();
        }
    }
}
