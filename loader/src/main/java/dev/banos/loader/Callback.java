package dev.banos.loader;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A Java function as a C function pointer, for C code that keeps it beyond one call. {@link Driver#callback} makes it, and it is
 * valid until its scope closes. A method of a bound interface can have it as a parameter where C's is a pointer to a function.
 *
 * @param <F> the functional interface
 */
public final class Callback<F> {
    private final Class<F> type;
    private final MemorySegment pointer;

    Callback(Class<F> type, MemorySegment pointer) {
        this.type = type;
        this.pointer = pointer;
    }

    /** {@return the interface that C calls} */
    public Class<F> type() {
        return type;
    }

    /** {@return the function pointer, alive as long as the scope} */
    public MemorySegment pointer() {
        return pointer;
    }

    /** What travels for a parameter; null is C's NULL. */
    static MemorySegment pointerOrNull(@Nullable Callback<?> callback) {
        return callback == null ? MemorySegment.NULL : callback.pointer;
    }
}
