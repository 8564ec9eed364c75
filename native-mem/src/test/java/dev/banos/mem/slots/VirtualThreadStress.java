package dev.banos.mem.slots;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.locks.LockSupport;

/**
 * Ten thousand virtual threads that allocate, write, check and free, their own blocks and each other's, and between calls
 * park, yield, wait while pinned and are interrupted, while a platform thread trims, counts and walks. No block is given out
 * twice, none is lost, and afterwards every pool is valid and empty.
 */
final class VirtualThreadStress {
    private static final int THREADS = 10_000;
    private static final int ROUNDS = 40;
    private static final int OWN = 6;
    private static final int LEAST = 16;
    private static final MethodHandle SORT = Native.downcall(
            Linker.nativeLinker().defaultLookup().findOrThrow("qsort").address(),
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));
    private static final MemorySegment PARKING_COMPARATOR = parkingComparator();

    private final ConcurrentLinkedQueue<Long> handedOver = new ConcurrentLinkedQueue<>();
    /** Blocks that are somebody's: malloc must not give out one that is in it. */
    private final ConcurrentSkipListSet<Long> live = new ConcurrentSkipListSet<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean ended;

    private VirtualThreadStress() {
    }

    public static void main(String[] arguments) throws InterruptedException {
        new VirtualThreadStress().run();
        System.out.println("held");
    }

    private void run() throws InterruptedException {
        Thread observer = new Thread(this::observe);
        observer.start();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int seed = i;
            threads.add(Thread.ofVirtual().unstarted(() -> guarded(() -> work(new SplittableRandom(seed)))));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        ended = true;
        observer.join();
        handedOver.forEach(this::checkAndFree);
        for (Throwable failure : failures) {
            throw new AssertionError(failures.size() + " failures, the first: " + failure, failure);
        }
        Malloc.trim();
        check(live.isEmpty(), "some blocks were lost: " + live.size());
        check(Totals.live(SharedPools.counts()) == 0, "left: " + Totals.live(SharedPools.counts()));
        check(SharedPools.counts().racedFrees() == 0, "freed twice: " + SharedPools.counts().racedFrees());
        check(SharedPools.pools().stream().allMatch(SlotPool::isValid), "invalid");
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (Throwable thrown) {
            failures.add(thrown);
        }
    }

    private void work(SplittableRandom random) {
        long[] own = new long[OWN];
        for (int round = 0; round < ROUNDS; round++) {
            int i = random.nextInt(OWN);
            if (own[i] != 0) {
                release(own[i], random);
            }
            own[i] = allocate(LEAST + random.nextInt(random.nextInt(20) == 0 ? 20_000 : 500));
            if (random.nextInt(4) == 0) {
                pause(random);
            }
            Long other = random.nextInt(3) == 0 ? handedOver.poll() : null;
            if (other != null) {
                checkAndFree(other);
            }
        }
        for (long block : own) {
            if (block != 0) {
                release(block, random);
            }
        }
    }

    private void release(long block, SplittableRandom random) {
        if (random.nextInt(3) == 0) {
            handedOver.add(block);
        } else {
            checkAndFree(block);
        }
    }

    private long allocate(long size) {
        long block = Malloc.malloc(size);
        check(live.add(block), "given out twice");
        Native.EVERYTHING.set(JAVA_LONG, block, size);
        Native.EVERYTHING.set(JAVA_LONG, block + (size - 8) / 8 * 8, ~block);
        return block;
    }

    private void checkAndFree(long block) {
        long size = Native.EVERYTHING.get(JAVA_LONG, block);
        check(Native.EVERYTHING.get(JAVA_LONG, block + (size - 8) / 8 * 8) == ~block, "overwritten");
        check(live.remove(block), "is nobody's");
        Malloc.free(block);
    }

    private static void pause(SplittableRandom random) {
        switch (random.nextInt(40)) {
            case 0 -> Thread.currentThread().interrupt();
            case 1 -> Thread.interrupted();
            case 2 -> parkPinned();
            case 3, 4, 5, 6, 7, 8, 9, 10 -> Thread.yield();
            default -> LockSupport.parkNanos(random.nextInt(50_000));
        }
    }

    /** With a frame of C on its stack a thread cannot be unmounted. */
    private static void parkPinned() {
        try (Arena scope = Arena.ofConfined()) {
            SORT.invokeExact(scope.allocate(JAVA_INT, 2), 2L, 4L, PARKING_COMPARATOR);
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    private static int parkAndCompare(MemorySegment one, MemorySegment other) {
        long block = Malloc.malloc(100);
        LockSupport.parkNanos(20_000);
        Malloc.free(block);
        return 0;
    }

    private static MemorySegment parkingComparator() {
        try {
            MethodHandle target = MethodHandles.lookup().findStatic(VirtualThreadStress.class, "parkAndCompare",
                    MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class));
            return Native.upcall(target, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), Arena.global());
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private void observe() {
        guarded(() -> {
            while (!ended) {
                Malloc.trim();
                long blocks = Malloc.statistics().liveBlocks();
                check(blocks >= 0 && blocks < THREADS * (OWN + ROUNDS), "counted: " + blocks);
                SharedPools.pools().forEach(pool -> pool.walk((address, usable) -> check(usable > 0, "walked")));
                LockSupport.parkNanos(1_000_000);
            }
        });
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
