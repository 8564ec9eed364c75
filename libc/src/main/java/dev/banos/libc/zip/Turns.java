package dev.banos.libc.zip;

import dev.banos.libc.segment.StackRoom;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Lets one thread at a time in, and refuses a second one. An atomic step at each entry costs a tenth of a call for 64 bytes; so
 * the thread that comes first is favoured, and takes none as long as no other comes.
 *
 * <pre>
 *   the favoured thread              the first other thread, which holds {@code busy}
 *   inside = true                    favoured = nobody
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
    private static final int MOST_MEETINGS = 100;
    private static final Meetings OF_THIS_PROCESS = new Meetings(MOST_MEETINGS);

    private static final VarHandle BUSY = handle("busy", boolean.class);
    private static final VarHandle INSIDE = handle("inside", boolean.class);
    private static final VarHandle FAVOURED = handle("favoured", long.class);

    private static final long NOBODY = 0;

    private final Meetings meetings;
    private boolean mayFavour = true;
    /** Its number, which no other thread gets: a thread that has ended is not kept from the collector. */
    private long favoured;
    /** Whether the favoured thread is inside, or about to see that it is favoured no more. */
    private boolean inside;
    /** Whether another thread is inside, or about to see whether it may be. */
    private boolean busy;
    /** Whether who is inside came by {@code busy}. */
    private boolean holdsBusy;
    /** For who has {@code busy}: whether a thread was favoured that may not know that it is no more, as a meeting failed. */
    private boolean owesMeeting;

    Turns() {
        this(OF_THIS_PROCESS);
    }

    Turns(Meetings meetings) {
        this.meetings = meetings;
    }

    /**
     * A {@link StackOverflowError} comes before any mark is set: one between two marks, or in {@link #leave}, would lock all others out
     * for ever.
     *
     * @return whether no other thread is inside; then {@link #leave} has to follow, from where this was called
     */
    boolean enter() {
        StackRoom.require();
        long me = Thread.currentThread().threadId();
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
        FAVOURED.setRelease(this, NOBODY);
    }

    boolean favours(long thread) {
        return (long) FAVOURED.getOpaque(this) == thread;
    }

    private boolean enterSlow(long me) {
        if (!(boolean) BUSY.compareAndSet(this, false, true)) {
            return false;
        }
        try {
            disfavour();
        } catch (Throwable noMeeting) {
            BUSY.setRelease(this, false);
            throw noMeeting;
        }
        if ((boolean) INSIDE.getAcquire(this)) {
            BUSY.setRelease(this, false);
            return false;
        }
        if (mayFavour && meetings.mayBecomeMore()) {
            INSIDE.setOpaque(this, true);
            FAVOURED.setOpaque(this, me);
            BUSY.setRelease(this, false);
        } else {
            holdsBusy = true;
        }
        return true;
    }

    /** The Java heap may have no room for the arena: then the next to come tries again. */
    private void disfavour() {
        owesMeeting |= (long) FAVOURED.getAcquire(this) != NOBODY;
        if (owesMeeting) {
            favourNobody();
            meetings.meetEveryThread();
            owesMeeting = false;
        }
    }

    private static VarHandle handle(String field, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(Turns.class, field, type).withInvokeExactBehavior();
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /**
     * To meet every thread takes as long as some thousand calls. So where objects change hands often, those that favour nobody
     * yet never do. Two threads may count one meeting together: it is a rough limit.
     */
    static class Meetings {
        /** A native image has shared arenas only where it was built with them; else they are an error, or an exception. */
        private static final boolean ARE_POSSIBLE = arePossible();

        private int left;

        Meetings(int most) {
            left = most;
        }

        boolean mayBecomeMore() {
            return left > 0 && ARE_POSSIBLE;
        }

        void meetEveryThread() {
            closeSharedArena();
            left--;
        }

        private static void closeSharedArena() {
            Arena.ofShared().close();
        }

        private static boolean arePossible() {
            try {
                closeSharedArena();
                return true;
            } catch (UnsupportedOperationException | Error none) {
                return false;
            }
        }
    }
}
