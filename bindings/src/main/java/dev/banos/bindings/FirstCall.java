package dev.banos.bindings;

/**
 * The first downcall of a process. The JVM makes some twenty classes for it, which takes longer than all else that the first load
 * of an object does, and needs to know nothing of the object: so a thread of its own does it, while the caller reads and checks the
 * file.
 */
public final class FirstCall extends Thread {
    private static boolean hasBegun;

    private FirstCall() {
        super(null, null, "banos-first-call", 0, false);
        setDaemon(true);
    }

    /** Begins it where nobody has before, and returns. Who calls a function meanwhile waits where both need the same. */
    public static synchronized void begin() {
        NativeAccessError.requireSupportedHost(); // here, so that the caller gets its message and not the thread
        if (!hasBegun) {
            hasBegun = true;
            try {
                new FirstCall().start();
            } catch (OutOfMemoryError noThread) {
                // Only time is lost: whoever calls first makes the classes then.
            }
        }
    }

    /** Calls a function that has no effect, as what follows will be called. */
    @Override
    public void run() {
        SystemCalls.geteuid();
    }
}
