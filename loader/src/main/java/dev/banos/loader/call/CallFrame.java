package dev.banos.loader.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.UndeclaredThrowableException;
import org.jspecify.annotations.Nullable;

/**
 * One bound call and what lives as long as it does: copies of strings, the callbacks that were given along, and what these threw. The
 * frames of a thread are a list, since a callback may call C again.
 */
public final class CallFrame {
    /** {@code ()CallFrame}. */
    static final MethodHandle ENTER = find("enter", MethodType.methodType(CallFrame.class));
    /** {@code (CallFrame)void}. */
    static final MethodHandle LEAVE = find("leave", MethodType.methodType(void.class, CallFrame.class));
    /** {@code (CallFrame, String)MemorySegment}. */
    public static final MethodHandle STRING = find("string", MethodType.methodType(MemorySegment.class, CallFrame.class, String.class));

    private static final ThreadLocal<@Nullable CallFrame> CURRENT = new ThreadLocal<>();

    private final @Nullable CallFrame outer;
    private @Nullable Arena scope;
    /** The first of those that are lent; each knows the next. */
    private CallbackPool.@Nullable Slot slots;
    private @Nullable Throwable thrown;

    private CallFrame(@Nullable CallFrame outer) {
        this.outer = outer;
    }

    private static CallFrame enter() {
        CallFrame frame = new CallFrame(CURRENT.get());
        CURRENT.set(frame);
        return frame;
    }

    /** Gives back what the call had, and throws what one of its callbacks threw. */
    private static void leave(CallFrame frame) {
        CURRENT.set(frame.outer); // null at the end: to remove the entry would cost more than the call
        if (frame.scope != null) {
            frame.scope.close();
        }
        CallbackPool.Slot slot = frame.slots;
        while (slot != null) {
            CallbackPool.Slot next = slot.next;
            slot.release();
            slot = next;
        }
        if (frame.thrown != null) {
            throw unchecked(frame.thrown);
        }
    }

    private static RuntimeException unchecked(Throwable thrown) {
        return switch (thrown) {
            case Error error -> throw error;
            case RuntimeException exception -> exception;
            default -> new UndeclaredThrowableException(thrown, "a callback threw " + thrown);
        };
    }

    /** Keeps what a callback threw until the thread's innermost call returns; false where none is under way. */
    public static boolean keep(Throwable thrown) {
        CallFrame frame = CURRENT.get();
        if (frame == null) {
            return false;
        }
        if (frame.thrown == null) {
            frame.thrown = thrown;
        } else if (frame.thrown != thrown) {
            frame.thrown.addSuppressed(thrown);
        }
        return true;
    }

    private static MemorySegment string(CallFrame frame, @Nullable String text) {
        if (text == null) {
            return MemorySegment.NULL;
        }
        requireNoNul(text);
        if (frame.scope == null) {
            frame.scope = Arena.ofConfined();
        }
        return frame.scope.allocateFrom(text);
    }

    /**
     * C would take a NUL for the end.
     *
     * @throws IllegalArgumentException if there is one
     */
    public static void requireNoNul(String text) {
        int nul = text.indexOf(0);
        if (nul >= 0) {
            throw new IllegalArgumentException("text has a NUL at index " + nul + " of " + text.length()
                    + ": C would take it for the end; pass a MemorySegment and the length");
        }
    }

    /** Has the slot released when the call returns. */
    void own(CallbackPool.Slot slot) {
        slot.next = slots;
        slots = slot;
    }

    private static MethodHandle find(String method, MethodType type) {
        try {
            return MethodHandles.lookup().findStatic(CallFrame.class, method, type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
