import java.util.function.LongConsumer;
import java.util.function.LongUnaryOperator;
import sun.misc.Unsafe;

/** Method references are handles in the constant pool, bound to an instance or not. */
final class References {
    interface Allocation {
        long of(Unsafe unsafe, long bytes);
    }

    public static void main(String[] args) {
        LongUnaryOperator bound = Memory.UNSAFE::allocateMemory;
        Allocation unbound = Unsafe::allocateMemory;
        LongConsumer free = Memory.UNSAFE::freeMemory;
        free.accept(bound.applyAsLong(10));
        free.accept(unbound.of(Memory.UNSAFE, 20));
        System.out.println("done");
    }
}
