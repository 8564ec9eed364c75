import java.util.concurrent.atomic.AtomicInteger;

/** Threads that allocate and free at the same time, while Java's heap has no room for anything. */
final class CountedWhileFull {
    private static final int THREADS = 4;
    private static final int STEPS = 50_000;

    private static final AtomicInteger READY = new AtomicInteger();
    private static final AtomicInteger OUT_OF_MEMORY = new AtomicInteger();
    private static volatile boolean isFull;
    private static Object[] ballast;

    public static void main(String[] args) throws InterruptedException {
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            threads[i] = Thread.ofPlatform().start(CountedWhileFull::work);
            while (READY.get() == i) { // one by one: not before it is full shall they meet
                Thread.yield();
            }
        }
        for (int longs = 1 << 16; longs > 0; longs /= 4) {
            fill(longs);
        }
        isFull = true;
        for (Thread thread : threads) {
            thread.join();
        }
        ballast = null;
        System.out.println("out of memory " + OUT_OF_MEMORY + ";");
    }

    private static void fill(int longs) {
        try {
            while (true) {
                ballast = new Object[] {ballast, new long[longs]};
            }
        } catch (OutOfMemoryError full) {
            return;
        }
    }

    private static void work() {
        Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(16)); // then all that the thread needs is there
        READY.incrementAndGet();
        while (!isFull) {
            Thread.onSpinWait();
        }
        try {
            for (int i = 0; i < STEPS; i++) {
                Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(16));
            }
        } catch (OutOfMemoryError ofJavasHeap) {
            OUT_OF_MEMORY.incrementAndGet();
        }
    }
}
