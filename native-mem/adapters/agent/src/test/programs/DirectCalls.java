import java.util.concurrent.Callable;
import sun.misc.Unsafe;

/** Each call, with sizes that have an answer of their own. */
final class DirectCalls {
    private static final Unsafe UNSAFE = Memory.UNSAFE;

    public static void main(String[] args) {
        long block = UNSAFE.allocateMemory(100);
        UNSAFE.setMemory(block, 100, (byte) 7);
        long grown = UNSAFE.reallocateMemory(block, 300_000);
        long moved = UNSAFE.reallocateMemory(grown, 24);
        long sum = 0;
        for (int i = 0; i < 24; i++) {
            sum += UNSAFE.getByte(moved + i);
        }
        System.out.println("sum " + sum);
        UNSAFE.freeMemory(moved);
        UNSAFE.freeMemory(0);
        System.out.println("of nothing " + UNSAFE.allocateMemory(0) + " " + UNSAFE.reallocateMemory(0, 0)
                + " " + UNSAFE.reallocateMemory(UNSAFE.reallocateMemory(0, 10), 0));
        print("negative", () -> UNSAFE.allocateMemory(-1));
        long kept = UNSAFE.allocateMemory(8);
        print("negative realloc", () -> UNSAFE.reallocateMemory(kept, -1));
        print("huge", () -> UNSAFE.allocateMemory(Long.MAX_VALUE / 4 - 7));
        print("huge realloc", () -> UNSAFE.reallocateMemory(kept, Long.MAX_VALUE / 4 - 7));
        UNSAFE.freeMemory(kept);
        print("no receiver", () -> noUnsafe().allocateMemory(8));
        print("twice", () -> free(kept));
        long large = UNSAFE.allocateMemory(1 << 20);
        UNSAFE.freeMemory(large);
        print("twice, large", () -> free(large));
    }

    private static int free(long block) {
        UNSAFE.freeMemory(block);
        return 0;
    }

    private static Unsafe noUnsafe() {
        return null;
    }

    private static void print(String what, Callable<?> call) {
        try {
            System.out.println(what + ": " + call.call());
        } catch (Exception | OutOfMemoryError thrown) {
            System.out.println(what + ": " + thrown + " at " + thrown.getStackTrace()[0]);
        }
    }
}
