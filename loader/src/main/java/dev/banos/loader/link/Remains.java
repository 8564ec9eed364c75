package dev.banos.loader.link;

import dev.banos.loader.process.TinyLibrary;
import java.util.ArrayList;
import java.util.List;

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
        synchronized (LEFT) {
            if (users == 0 && LEFT.isEmpty() && !mayBeAwaited()) {
                end();
                return;
            }
            uses = List.copyOf(used);
            uses.forEach(each -> each.users++);
            LEFT.add(this);
            taken();
            askDynamicLinker();
            sweep();
        }
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

    private static void sweep() {
        boolean ended;
        do {
            ended = false;
            for (Remains each : List.copyOf(LEFT)) {
                if (each.users == 0 && !each.isAwaited()) {
                    LEFT.remove(each);
                    each.end();
                    each.uses.forEach(used -> used.users--);
                    ended = true;
                }
            }
        } while (ended);
    }
}
