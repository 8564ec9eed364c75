/** A thread with its interrupt status set is the first to come to most of the allocator; then another one goes on. */
final class Interrupted {
    public static void main(String[] args) throws InterruptedException {
        Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(100));
        Thread interrupted = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            each("interrupted");
            System.out.println("still interrupted: " + Thread.currentThread().isInterrupted());
        });
        interrupted.join();
        each("afterwards");
        Thread.ofVirtual().start(() -> each("virtual")).join();
    }

    private static void each(String when) {
        attempt(when + ", large", () -> Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(5_000_000)));
        attempt(when + ", larger and larger", () -> {
            long block = Memory.UNSAFE.reallocateMemory(Memory.UNSAFE.allocateMemory(100), 200_000);
            Memory.UNSAFE.freeMemory(Memory.UNSAFE.reallocateMemory(block, 400_000));
        });
        attempt(when + ", twice", () -> {
            long block = Memory.UNSAFE.allocateMemory(100);
            Memory.UNSAFE.freeMemory(block);
            Memory.UNSAFE.freeMemory(block);
        });
    }

    private static void attempt(String what, Runnable work) {
        try {
            work.run();
            System.out.println(what + ": done");
        } catch (RuntimeException | LinkageError thrown) {
            System.out.println(what + ": " + thrown.getClass().getSimpleName());
        }
    }
}
