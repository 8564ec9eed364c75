package dev.banos.bindings;

/**
 * The first downcall of a process. The JVM makes some twenty classes for it, which takes longer than all else that the first load
 * of an object does. None of that depends on the object: so a thread of its own does it, while the caller reads and checks the file,
 * and loads the classes that it needs afterwards.
 */
public final class FirstCall extends Thread {
    private static boolean hasBegun;
    private static volatile boolean isUnderWay;

    private FirstCall() {
        super(null, null, "banos-first-call", 0, false);
        setDaemon(true);
    }

    /** Begins it where nobody has before, and returns. Who calls a function meanwhile waits where both need the same. */
    public static synchronized void begin() {
        NativeAccessError.requireSupportedHost(); // here, so that the caller gets its message and not the thread
        if (!hasBegun) {
            hasBegun = true;
            isUnderWay = true;
            try {
                new FirstCall().start();
            } catch (OutOfMemoryError noThread) {
                isUnderWay = false; // Only time is lost: whoever calls first makes the classes then.
            }
        }
    }

    /**
     * Loads classes while the first call is under way; none is initialised. Does nothing before it has begun, and once it has been made.
     *
     * @param loader which knows them
     * @param prefix what all names begin with
     * @param names as {@link Class#getName} has them, in the order in which they will be needed
     */
    public static void loadMeanwhile(ClassLoader loader, String prefix, String... names) {
        for (int i = 0; i < names.length && isUnderWay; i++) {
            try {
                Class<?> ignored = Class.forName(prefix + names[i], false, loader);
            } catch (ClassNotFoundException | OutOfMemoryError | StackOverflowError later) {
                return; // Only time is lost: a program may have been shrunk, and what is needed is loaded when it is needed.
            }
        }
    }

    /** Calls a function that has no effect, as what follows will be called. */
    @Override
    public void run() {
        try {
            SystemCalls.geteuid();
        } finally {
            isUnderWay = false;
        }
    }
}
