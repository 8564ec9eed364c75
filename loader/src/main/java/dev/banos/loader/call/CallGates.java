package dev.banos.loader.call;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The gates through which the calls of one {@link Lifetime} go, one for each downcall handle. They are classes with names of their
 * own, and in no hidden class, so that stack traces show them; they end with this class loader.
 */
final class CallGates extends ClassLoader implements Supplier<@Nullable Object[]> {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final AtomicBoolean shut;
    private final Runnable enter;
    private final Runnable leave;
    private final Map<MethodHandle, MethodHandle> gates = new HashMap<>();
    /** What the names of all gates here begin with, and no others. */
    private final String prefix = CallGate.NAME + HexFormat.of().toHexDigits(NUMBERS.incrementAndGet());
    private @Nullable MethodHandle pending;

    /**
     * @param shut  whether calls take the slow way
     * @param enter and {@code leave} are run around a call that goes the slow way
     */
    CallGates(AtomicBoolean shut, Runnable enter, Runnable leave) {
        super(null); // a gate knows nothing but the JDK's own base
        this.shut = shut;
        this.enter = enter;
        this.leave = leave;
    }

    /** The call, through a gate: of the same type. */
    synchronized MethodHandle of(MethodHandle call) {
        MethodHandle gate = gates.get(call);
        if (gate == null) {
            gate = make(call);
            gates.put(call, gate);
        }
        return gate;
    }

    private MethodHandle make(MethodHandle call) {
        byte[] bytes = CallGate.named(call.type(), prefix, gates.size());
        Class<?> gate = defineClass(null, bytes, 0, bytes.length);
        pending = call;
        try {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            lookup.ensureInitialized(gate); // which asks for its constants, see get
            return lookup.findStatic(gate, CallGate.CALL, call.type());
        } catch (ReflectiveOperationException impossible) {
            throw new AssertionError("a class of ours does not load", impossible);
        } finally {
            pending = null;
        }
    }

    /** For the initialiser of a gate: its constants, in the order of {@link CallGate}'s fields. */
    @Override
    public @Nullable Object[] get() {
        return new @Nullable Object[] {shut, enter, leave, pending};
    }

    /** Whether any platform thread is in a call that went the fast way, or was just before one. */
    synchronized boolean areInUse() {
        if (gates.isEmpty()) {
            return false;
        }
        for (StackTraceElement[] stack : Thread.getAllStackTraces().values()) {
            if (isIn(stack)) {
                return true;
            }
        }
        return false;
    }

    /** The innermost frame comes first. One that went the slow way is counted elsewhere. */
    private boolean isIn(StackTraceElement[] stack) {
        for (int i = 0; i < stack.length; i++) {
            if (stack[i].getClassName().startsWith(prefix)) {
                if (stack[i].getMethodName().equals(CallGate.CALL)) {
                    return true;
                }
                i++; // the call's own frame, around that of the slow way
            }
        }
        return false;
    }
}
