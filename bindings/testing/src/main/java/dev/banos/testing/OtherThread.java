package dev.banos.testing;

import java.time.Duration;

/** A thread beside the test's. An assertion that fails in it fails the test that joins it, instead of being printed and forgotten. */
public final class OtherThread {
    /** What it does. */
    public interface Body {
        void run() throws Throwable;
    }

    /** Longer than any test's thread runs on a busy machine: one that hangs fails its test, and not the build. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final Thread thread;
    private volatile Throwable thrown;

    private OtherThread(Thread.Builder kind, Body body) {
        thread = kind.unstarted(() -> {
            try {
                body.run();
            } catch (Throwable failure) {
                thrown = failure;
            }
        });
        thread.setDaemon(true);
    }

    public static OtherThread start(Body body) {
        return start(Thread.ofPlatform(), body);
    }

    public static OtherThread start(Thread.Builder kind, Body body) {
        OtherThread other = new OtherThread(kind, body);
        other.thread.start();
        return other;
    }

    /** Starts and joins one. */
    public static void run(Body body) {
        start(body).join();
    }

    public boolean isAlive() {
        return thread.isAlive();
    }

    boolean ends(Duration patience) throws InterruptedException {
        return thread.join(patience);
    }

    /** Waits for its end, and throws what it has thrown. */
    public void join() {
        join(PATIENCE);
    }

    void join(Duration patience) {
        try {
            if (!ends(patience)) {
                throw stillRuns(patience);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while it waited for " + thread, interrupted);
        }
        Throwable failure = thrown;
        if (failure != null) {
            throw new AssertionError("in another thread: " + failure.getMessage(), failure);
        }
    }

    private AssertionError stillRuns(Duration patience) {
        Throwable place = new Throwable("where " + thread + " is");
        place.setStackTrace(thread.getStackTrace());
        return new AssertionError(thread + " did not end within " + patience, place);
    }
}
