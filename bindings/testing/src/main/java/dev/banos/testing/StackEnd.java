package dev.banos.testing;

/** The end of a thread's stack, for tests of what happens there. */
public final class StackEnd {
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
