package dev.banos.loader;

import dev.banos.loader.link.Remains;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The function pointers that bound calls have lent to a module's code, which may keep one and call it later. An interface that is
 * bound to a driver goes on with the instances that take its place, and lends each of them the same pointers; so a driver and those
 * that follow it have one such object in common, and its pointers stay until the code of all of them is gone.
 */
final class LentPointers extends Remains {
    /** How many modules have it whose code is not gone yet. */
    private int modules = 1;
    /** Null while there are no pointers. */
    private @Nullable Arena scope;

    /** @throws IllegalStateException if nobody is left to lend pointers to */
    synchronized Arena scope() {
        if (modules == 0) {
            throw new IllegalStateException("uninstalled or closed: nobody is left to be lent a callback");
        }
        if (scope == null) {
            scope = Arena.ofShared();
        }
        return scope;
    }

    synchronized void haveOneMore() {
        modules++;
    }

    /** Once the code of one is gone, or is left to threads that have something of it to destroy, and holds this for so long. */
    void haveOneLess() {
        if (isLast()) {
            leave(List.of());
        }
    }

    private synchronized boolean isLast() {
        return --modules == 0 && scope != null;
    }

    @Override
    protected synchronized void end() {
        if (scope != null) {
            scope.close();
        }
    }
}
