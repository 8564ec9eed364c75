package dev.banos.testing;

/** A thread beside the test's. An assertion that fails in it fails the test that joins it, instead of being printed and forgotten. */
public final class OtherThread {
    /** What it does. */
    public interface Body {
        void run() throws Throwable;
    }

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

    /** Waits for its end, and throws what it has thrown. */
    public void join() {
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            throw new AssertionError("interrupted while it waited for " + thread, interrupted);
        }
        Throwable failure = thrown;
        if (failure != null) {
            throw new AssertionError("in another thread: " + failure.getMessage(), failure);
        }
    }
}
