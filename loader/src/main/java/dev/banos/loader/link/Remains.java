package dev.banos.loader.link;

import dev.banos.loader.process.TinyLibrary;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is taken out while code of it, or code that uses it, may still run: destructors of thread-local objects run when their threads
 * end, perhaps long after, and may call whatever their module used.
 *
 * <pre>
 *     module a ── uses ──► module b, b's stubs, the host's functions
 *        │ taken out, but a thread has a destructor of it to run
 *        └──► left: it holds what it uses, which stays when it is taken out in its turn, and holds what that uses
 *     at each later taking out: what no thread and nothing left needs any more ends, and lets go of what it held
 * </pre>
 * What is in use otherwise holds nothing: a driver that others depend on is not taken out before them.
 */
public abstract class Remains {
    /** Also the lock of all counts; nothing of the dynamic linker's is called under it, whose own lock others may hold. */
    private static final List<Remains> LEFT = new ArrayList<>();

    private List<Remains> uses = List.of();
    /** How many of those that are left use this. */
    private int users;

    /** Unmaps or closes it; called once. */
    protected abstract void end();

    /** Whether threads may still come into it by themselves, as far as is known without asking. */
    protected boolean isAwaited() {
        return false;
    }

    /**
     * Ends it, or leaves that to a later call of any, as long as it may be used.
     *
     * @param used what its code may call
     */
    protected final void leave(List<? extends Remains> used) {
        boolean isNeeded;
        synchronized (LEFT) {
            isNeeded = users > 0 || !LEFT.isEmpty() || mayBeAwaited();
        }
        if (!isNeeded) {
            end();
            return;
        }
        List<Remains> held = List.copyOf(used);
        taken();
        askDynamicLinker();
        synchronized (LEFT) {
            LEFT.add(this);
            uses = held;
            uses.forEach(each -> each.users++);
        }
        sweep();
    }

    /** Whether {@link #isAwaited} may ever be true. */
    protected boolean mayBeAwaited() {
        return false;
    }

    /** Called before the first {@link #isAwaited}. */
    protected void taken() {
    }

    /** At the close of any library, the dynamic linker takes out what it has kept so far. */
    private static void askDynamicLinker() {
        TinyLibrary any = new TinyLibrary();
        if (any.open() == null) {
            any.close();
        }
    }

    /** All ends that can be are tried; of several failures, the first has the others with it. */
    private static void sweep() {
        Throwable failed = null;
        for (Remains next = next(); next != null; next = next()) {
            try {
                next.end();
            } catch (RuntimeException | Error thrown) {
                if (failed == null) {
                    failed = thrown;
                } else {
                    failed.addSuppressed(thrown);
                }
            } finally {
                synchronized (LEFT) {
                    next.uses.forEach(used -> used.users--);
                }
            }
        }
        if (failed instanceof Error error) {
            throw error;
        }
        if (failed instanceof RuntimeException exception) {
            throw exception;
        }
    }

    /** One that nothing needs any more, no longer among those that are left; or null. */
    private static @Nullable Remains next() {
        List<Remains> left;
        synchronized (LEFT) {
            left = List.copyOf(LEFT);
        }
        for (Remains each : left) {
            if (!each.isAwaited() && each.takeOut()) {
                return each;
            }
        }
        return null;
    }

    /** @return whether it was left until now, and nothing that is left uses it */
    private boolean takeOut() {
        synchronized (LEFT) {
            return users == 0 && LEFT.remove(this);
        }
    }
}
