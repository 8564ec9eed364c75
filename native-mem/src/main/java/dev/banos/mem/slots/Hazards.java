package dev.banos.mem.slots;

import dev.banos.lock.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Hazard pointers (Michael, 2004): which bitmaps other threads than the owners are about to write to. A thread that found a run has
 * no right to it: the block that it frees may have been freed before, the run be gone by now, and its bitmaps serve another run. So
 * it says first which bitmap it means, and then looks whether the run is gone.
 *
 * <pre>
 *   who frees     hold(bitmap)  ->  is the run retired?  ->  no: write  ->  release        a hold is a compare-and-set
 *   the owner     the run is retired  ->  {@link Bitmaps} waits until nobody holds the bitmap  ->  it is another run's
 * </pre>
 *
 * <p>Either who frees sees that the run is retired, or Bitmaps sees the hold: each writes first and reads then, with a full fence
 * between the two. A hold lasts for some instructions, unless its thread is preempted: then these bitmaps wait, and no others.
 */
final class Hazards {
    /** As many threads can free remotely in one instant; more of them wait for each other. */
    static final int PLACES = 256;
    /** So that no two threads write to one cache line, nor to two that are fetched together. */
    private static final int APART = 128 / Long.BYTES;
    private static final VarHandle HELD = MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    /** 0: nobody's. A thread begins to look at the place of its id, and nearly always finds it free. */
    private static final long[] PLACE = new long[PLACES * APART];

    private Hazards() {
    }

    /** @return what {@link #release} needs */
    static int hold(long bitmap) {
        int place = ((int) Thread.currentThread().threadId() & (PLACES - 1)) * APART;
        return HELD.compareAndSet(PLACE, place, 0L, bitmap) ? place : holdElsewhere(bitmap, place);
    }

    private static int holdElsewhere(long bitmap, int taken) {
        int place = taken;
        for (int tries = 1; !HELD.compareAndSet(PLACE, place, 0L, bitmap); tries++) {
            place = (place + APART) & (PLACE.length - 1);
            if (tries >= PLACES) {
                SpinLock.pause(tries);
            }
        }
        return place;
    }

    static void release(int place) {
        HELD.setRelease(PLACE, place, 0L);
    }

    /** Who has to see holds that came before what it has done. @param into for {@link #PLACES} of them @return how many there are */
    static int list(long[] into) {
        VarHandle.fullFence();
        int count = 0;
        for (int place = 0; place < PLACE.length; place += APART) {
            long held = (long) HELD.getVolatile(PLACE, place);
            if (held != 0) {
                into[count++] = held;
            }
        }
        return count;
    }
}
