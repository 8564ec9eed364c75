import java.lang.reflect.Field;
import sun.misc.Unsafe;

/** What programs that need memory have: their own copy of the instance. */
final class Memory {
    static final Unsafe UNSAFE = find();

    private Memory() {
    }

    private static Unsafe find() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }
}
