/** The first call that goes to the agent comes where the stack ends, at each depth there; or, with an argument, where Java's heap is full. */
public class FirstCallAtTheEnd {
    static Object[] ballast;
    static sun.misc.Unsafe unsafe;

    public static void main(String[] arguments) throws Exception {
        unsafe = Memory.UNSAFE;
        if (arguments.length == 0) {
            Thread thread = new Thread(null, FirstCallAtTheEnd::descend, "deep", 256 << 10);
            thread.start();
            thread.join();
        } else {
            Object cushion = new byte[Integer.parseInt(arguments[0])];
            fill();
            cushion = null;
            tryOnce();
            ballast = null;
        }
        unsafe.freeMemory(unsafe.allocateMemory(100_000));
        unsafe.freeMemory(unsafe.allocateMemory(100));
        System.out.println("works");
    }

    private static void descend() {
        try {
            descend();
        } catch (StackOverflowError deepest) {
            // From here on upwards.
        }
        tryOnce();
    }

    private static void tryOnce() {
        try {
            unsafe.freeMemory(unsafe.allocateMemory(100_000));
        } catch (Throwable tooLittleLeft) {
            return;
        }
    }

    private static void fill() {
        for (int bytes = 1 << 18; bytes > 0; bytes /= 16) {
            try {
                while (true) {
                    ballast = new Object[] {ballast, new byte[bytes]};
                }
            } catch (OutOfMemoryError full) {
                continue;
            }
        }
    }
}
