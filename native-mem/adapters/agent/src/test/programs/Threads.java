import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;

/** Threads of both kinds that free each other's blocks: 8 threads, 20,000 steps each. */
final class Threads {
    private static final AtomicLongArray BLOCKS = new AtomicLongArray(256);

    public static void main(String[] args) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int seed = i;
            Runnable work = () -> work(new SplittableRandom(seed));
            threads.add(i % 2 == 0 ? Thread.ofPlatform().start(work) : Thread.ofVirtual().start(work));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        for (int i = 0; i < BLOCKS.length(); i++) {
            free(BLOCKS.getAndSet(i, 0));
        }
        System.out.println("done");
    }

    private static void work(SplittableRandom random) {
        for (int step = 0; step < 20_000; step++) {
            long bytes = 16 + random.nextInt(step % 100 == 0 ? 200_000 : 500);
            long block = Memory.UNSAFE.allocateMemory(bytes);
            Memory.UNSAFE.putLong(block, block);
            Memory.UNSAFE.putByte(block + bytes - 1, (byte) 1);
            free(BLOCKS.getAndSet(random.nextInt(BLOCKS.length()), block));
        }
    }

    private static void free(long block) {
        if (block != 0 && (Memory.UNSAFE.getLong(block) ^ block) << 8 != 0) {
            throw new AssertionError("block 0x" + Long.toHexString(block) + " is not its own");
        }
        Memory.UNSAFE.freeMemory(block);
    }
}
