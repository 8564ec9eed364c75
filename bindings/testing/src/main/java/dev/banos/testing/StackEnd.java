package dev.banos.testing;

/** The end of a thread's stack, for tests of what happens there. */
public final class StackEnd {
    private static final int DEEPEST = 1_000_000;
    /** Of the descent under way: how many calls it was not to make. One thread at a time descends. */
    private static int left;

    private final Runnable work;
    private int overflows;

    private StackEnd(Runnable work) {
        this.work = work;
    }

    /**
     * In threads one after the other: descends to the end of the stack, and does the work on the way up, at each depth.
     *
     * @param threads how many; each begins a frame deeper, so that the end is met at other places
     * @return how often there was too little stack for the work
     */
    public static int atEachDepth(int threads, long stackBytes, Runnable work) throws InterruptedException {
        StackEnd end = new StackEnd(work);
        for (int i = 0; i < threads; i++) {
            int frames = i;
            Thread thread = new Thread(null, () -> end.begin(frames), "descending", stackBytes);
            thread.start();
            thread.join();
        }
        return end.overflows;
    }

    /** How many calls of {@link #isReachedBy} the calling thread's stack holds below the caller. */
    public static int depth() {
        boolean ignored = isReachedBy(DEEPEST, () -> { });
        return DEEPEST - left;
    }

    /** Does the work below so many calls. @return whether the stack came to its end in them, or in the work */
    public static boolean isReachedBy(int calls, Runnable work) {
        try {
            callDown(calls, work);
            return false;
        } catch (StackOverflowError atTheEnd) {
            return true;
        }
    }

    private static void callDown(int calls, Runnable work) {
        left = calls;
        if (calls == 0) {
            work.run();
        } else {
            callDown(calls - 1, work);
        }
    }

    private void begin(int frames) {
        if (frames == 0) {
            descend();
        } else {
            begin(frames - 1);
        }
    }

    private void descend() {
        try {
            descend();
        } catch (StackOverflowError deepest) {
            // From here on upwards.
        }
        try {
            work.run();
        } catch (StackOverflowError tooLittleLeft) {
            overflows++;
        }
    }
}
