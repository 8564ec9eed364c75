import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import sun.misc.Unsafe;

/** Calls that no rewriting sees: memory may come from either side, and be freed on the other. */
final class Reflection {
    public static void main(String[] args) throws Throwable {
        Method allocate = Unsafe.class.getMethod("allocateMemory", long.class);
        Method reallocate = Unsafe.class.getMethod("reallocateMemory", long.class, long.class);
        MethodHandle free = MethodHandles.lookup().findVirtual(Unsafe.class, "freeMemory", MethodType.methodType(void.class, long.class));
        for (int bytes : new int[] {16, 100_000}) {
            long ours = Memory.UNSAFE.allocateMemory(bytes);
            free.invoke(Memory.UNSAFE, (long) reallocate.invoke(Memory.UNSAFE, ours, 2L * bytes));
            long theirs = (long) allocate.invoke(Memory.UNSAFE, (long) bytes);
            Memory.UNSAFE.freeMemory(Memory.UNSAFE.reallocateMemory(theirs, 3L * bytes));
        }
        System.out.println("done");
    }
}
