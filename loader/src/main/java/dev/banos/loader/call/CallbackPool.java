package dev.banos.loader.call;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Function pointers for the lambdas of one parameter of a bound method. Making a pointer takes a hundred microseconds; so each one
 * is kept, and calls whatever lambda it is lent to. There are as many as calls were under way at once. One that C kept and
 * calls after its call has returned finds no lambda, which is reported; or, while a later call has the pointer on loan, that call's
 * lambda. Neither is a crash as long as the driver is installed.
 */
public final class CallbackPool {
    private static final MethodHandle TARGET = find("target", MethodType.methodType(Object.class, Slot.class));
    private static final MethodHandle LEND =
            find("lend", MethodType.methodType(MemorySegment.class, CallbackPool.class, CallFrame.class, Object.class));

    private final String label;
    private final MethodHandle function;
    private final FunctionDescriptor descriptor;
    private final long onThrow;
    private final Arena scope;
    private final Consumer<Throwable> caught;
    /** The slot that was given back last; most pools never have a second one. */
    private final AtomicReference<Slot> last = new AtomicReference<>();
    private final ConcurrentLinkedDeque<Slot> free = new ConcurrentLinkedDeque<>();

    /**
     * @param label what messages call the module that gets the pointers
     * @param function the interface's method, the lambda its first parameter; the others and the result are the descriptor's
     */
    public CallbackPool(String label, MethodHandle function, FunctionDescriptor descriptor, long onThrow, Arena scope,
            Consumer<Throwable> caught) {
        this.label = label;
        this.function = function;
        this.descriptor = descriptor;
        this.onThrow = onThrow;
        this.scope = scope;
        this.caught = caught;
    }

    /** A pointer, and the lambda that it calls at present. */
    static final class Slot {
        private final CallbackPool pool;
        @SuppressWarnings("NullAway.Init") // before anyone has the slot
        private MemorySegment pointer;
        private volatile @Nullable Object target;
        /** In the frame that has it on loan. */
        CallbackPool.@Nullable Slot next;

        Slot(CallbackPool pool) {
            this.pool = pool;
        }

        void release() {
            target = null;
            next = null;
            Slot other = pool.last.getAndSet(this);
            if (other != null) {
                pool.free.push(other);
            }
        }
    }

    /** {@code (CallFrame, F)MemorySegment}: lends a pointer to the lambda for the call. */
    public MethodHandle lender() {
        MethodHandle lend = LEND.bindTo(this);
        return lend.asType(lend.type().changeParameterType(1, function.type().parameterType(0)));
    }

    private static MemorySegment lend(CallbackPool pool, CallFrame frame, @Nullable Object lambda) {
        if (lambda == null) {
            return MemorySegment.NULL;
        }
        Slot slot = pool.last.getAndSet(null);
        if (slot == null) {
            slot = pool.free.poll();
        }
        if (slot == null) {
            slot = pool.make();
        }
        slot.target = lambda;
        frame.own(slot);
        return slot.pointer;
    }

    private Slot make() {
        Slot slot = new Slot(this);
        MethodHandle target = TARGET.bindTo(slot).asType(MethodType.methodType(function.type().parameterType(0)));
        try {
            slot.pointer = UpcallEdge.stub(MethodHandles.collectArguments(function, 0, target), descriptor, onThrow, scope, caught);
        } catch (IllegalStateException closed) {
            throw scope.scope().isAlive() ? closed : new IllegalStateException(label + " is uninstalled", closed);
        }
        return slot;
    }

    private static Object target(Slot slot) {
        Object target = slot.target;
        if (target == null) {
            throw new IllegalStateException("C called a callback after the call that it was given to had returned; give it a Callback"
                    + " whose scope is long enough");
        }
        return target;
    }

    private static MethodHandle find(String method, MethodType type) {
        try {
            return MethodHandles.lookup().findStatic(CallbackPool.class, method, type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method, missing);
        }
    }
}
