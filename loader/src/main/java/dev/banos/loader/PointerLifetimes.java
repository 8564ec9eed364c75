package dev.banos.loader;

import dev.banos.loader.call.Lifetime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lifetimes of the pointers and handles that a driver hands out: one at a time, and those before it that calls may still hold.
 * Changes under the loader's lock.
 *
 * <pre>
 *     installed      pointers get the current one ──► renew, when what it depends on is replaced: the next one is current
 *     uninstalled    close: nothing is in use any more; or it is refused, and all stays as it is
 *     replaced       end: no new pointers; what is in use closes the lifetime when it returns
 * </pre>
 */
final class PointerLifetimes {
    private final String label;
    /** Null once nothing is handed out any more. */
    private volatile @Nullable Lifetime current;
    private final List<Lifetime> former = new ArrayList<>();

    /** @param label what messages call the driver */
    PointerLifetimes(String label) {
        this.label = label;
        reopen();
    }

    /** That of pointers which are handed out now; null where none are. */
    @Nullable Lifetime current() {
        return current;
    }

    /** Hands out no more of {@code now}, the {@link #current} one, which the caller closes. */
    void end(Lifetime now) {
        current = null;
        now.retire();
    }

    /** Hands out pointers of a new one after {@code now}, the {@link #current} one, which the caller closes. */
    void renew(Lifetime now) {
        former.removeIf(Lifetime::isClosed);
        former.add(now);
        reopen();
        now.retire();
    }

    /** Ends every pointer handed out, or returns false where one is in use by a call. */
    boolean close() {
        former.removeIf(Lifetime::isOver);
        Lifetime now = current;
        if (now == null || !former.isEmpty() || !now.close()) {
            return false; // null: the driver's uninit is under way, and has come back to here
        }
        current = null;
        return true;
    }

    /** For a driver that refused to stop: it stays, with new pointers. */
    void reopen() {
        current = new Lifetime(label);
    }
}
