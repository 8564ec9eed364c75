package dev.banos.libc.pthread;

/**
 * Travels from {@link Pthread#exit} or a cancellation point up to where the thread began. It is no failure: let it pass.
 * Who catches it keeps the thread running, but cancellation stays off and the result stays decided.
 */
public final class ThreadExit extends Error {
    private static final long serialVersionUID = 1L;

    private final long result;

    ThreadExit(long result) {
        super("thread ends with result " + result, null, false, false);
        this.result = result;
    }

    /** {@return what a join of the thread yields} */
    public long result() {
        return result;
    }
}
