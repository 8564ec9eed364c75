package dev.banos.libc.zip;

import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread at a time in, and refuses a second one. An atomic step at each entry costs a tenth of a call for 64 bytes; so
 * the thread that comes first is favoured, and takes none as long as no other comes.
 *
 * <pre>
 *   the favoured thread              the first other thread, which holds {@code busy}
 *   inside = true                    favoured = null
 *   favoured == this thread?         meet every thread
 *                                    inside?
 * </pre>
 *
 * Without a barrier between its two steps the favoured thread may read {@code favoured} before the other one sees {@code inside}.
 * The other one provides that barrier for both: to close a shared arena, the virtual machine meets each thread at a point where
 * all stores of that are done and no later load is begun. In compiled code there is none between the two steps, which therefore
 * both come before, and the mark is seen, or both after, and the thread finds itself favoured no more; interpreted code keeps
 * their order.
 */
final class Turns {
    /** To meet every thread takes as long as some thousand calls: where objects change hands often, new ones favour nobody. */
    static final int MOST_MEETINGS = 100;

    private static final VarHandle BUSY = handle("busy", boolean.class);
    private static final VarHandle INSIDE = handle("inside", boolean.class);
    private static final VarHandle FAVOURED = handle("favoured", Thread.class);

    /** A native image has shared arenas only where it was built with them; else they are an error, or an exception. */
    private static final boolean CAN_MEET = canMeet();

    /** Two threads may count one meeting together: it is a rough limit. */
    private static int meetings;

    private boolean mayFavour;
    private @Nullable Thread favoured;
    /** Whether the favoured thread is inside, or about to see that it is favoured no more. */
    private boolean inside;
    /** Whether another thread is inside, or about to see whether it may be. */
    private boolean busy;
    /** Whether who is inside came by {@code busy}. */
    private boolean holdsBusy;

    Turns() {
        this(meetings < MOST_MEETINGS);
    }

    Turns(boolean mayFavour) {
        this.mayFavour = mayFavour && CAN_MEET;
    }

    /** @return whether no other thread is inside; then {@link #leave} has to follow */
    boolean enter() {
        Thread me = Thread.currentThread();
        if (favours(me)) {
            INSIDE.setOpaque(this, true);
            if (favours(me)) {
                return true;
            }
            INSIDE.setRelease(this, false);
        }
        return enterSlow(me);
    }

    void leave() {
        if (holdsBusy) {
            holdsBusy = false;
            BUSY.setRelease(this, false);
        } else {
            INSIDE.setRelease(this, false);
        }
    }

    /** For who is inside: from now on no thread is let in without the atomic step. */
    void favourNobody() {
        mayFavour = false;
        FAVOURED.setRelease(this, (Thread) null);
    }

    boolean favours(Thread thread) {
        return (Thread) FAVOURED.getOpaque(this) == thread;
    }

    private boolean enterSlow(Thread me) {
        if (!(boolean) BUSY.compareAndSet(this, false, true)) {
            return false;
        }
        if ((Thread) FAVOURED.getAcquire(this) != null) {
            favourNobody();
            meetings++;
            meetEveryThread();
        }
        if ((boolean) INSIDE.getAcquire(this)) {
            BUSY.setRelease(this, false);
            return false;
        }
        if (mayFavour) {
            INSIDE.setOpaque(this, true);
            FAVOURED.setOpaque(this, me);
            BUSY.setRelease(this, false);
        } else {
            holdsBusy = true;
        }
        return true;
    }

    private static void meetEveryThread() {
        Arena.ofShared().close();
    }

    private static boolean canMeet() {
        try {
            meetEveryThread();
            return true;
        } catch (UnsupportedOperationException | Error none) {
            return false;
        }
    }

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(Turns.class, field, type).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
