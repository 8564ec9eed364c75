package dev.banos.libc.pthread;

/**
 * Unwinds the stack from {@link Pthread#exit} or a cancellation point up to where the thread began. It is no failure: let it pass.
 * To catch it keeps the thread running, but cancellation stays off and the result stays decided. What fails on its way, as a
 * clean-up handler may, is among its suppressed exceptions, and is thrown where the thread began.
 */
public final class ThreadExit extends Error {
    private static final long serialVersionUID = 1L;

    private final long result;

    ThreadExit(long result) {
        super("thread ends with result " + result, null, true, false);
        this.result = result;
    }

    /** {@return what a join of the thread yields} */
    public long result() {
        return result;
    }
}
