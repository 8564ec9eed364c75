package dev.banos.libc.pthread;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;

import dev.banos.bindings.Native;
import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Thread-specific values: a key names one value in each thread.
 *
 * <pre>
 *   key (int)      sequence mod 2^24 | slot     what a caller holds
 *   KEYS[slot]     {sequence, destructor}       null: no key lives there
 *   TCB specific   {sequence, value} x 128      a value counts only while its sequence is the key's
 * </pre>
 *
 * <p>No two keys ever have the same sequence. So deleting a key touches no thread's values, and a key that reuses the slot
 * reads null everywhere, without a lock in {@link #get} or {@link #set}.
 */
public final class ThreadKeys {
    /** How many keys there can be at once, {@code PTHREAD_KEYS_MAX}. */
    public static final int KEYS_MAX = Tcb.SPECIFIC_KEYS;
    /** How often destructors run over a thread's values while they leave new ones, {@code PTHREAD_DESTRUCTOR_ITERATIONS}. */
    public static final int DESTRUCTOR_ITERATIONS = 4;

    private static final int SLOT_BITS = Integer.numberOfTrailingZeros(KEYS_MAX);
    private static final int SLOT_MASK = KEYS_MAX - 1;

    private static final VarHandle SEQUENCE = Tcb.SPECIFIC_LAYOUT.varHandle(groupElement("sequence")).withInvokeExactBehavior();
    private static final VarHandle VALUE = Tcb.SPECIFIC_LAYOUT.varHandle(groupElement("value")).withInvokeExactBehavior();

    private static final AtomicReferenceArray<Key> KEYS = new AtomicReferenceArray<>(KEYS_MAX);
    /** 0 is what values that were never set carry. Guarded by the class's lock, as creating and deleting are. */
    private static long lastSequence;

    private ThreadKeys() {
    }

    /** Called in the thread that ends, with the value that it had; the value is null by then. */
    @FunctionalInterface
    public interface Destructor {
        /**
         * Gives back what the value stands for.
         *
         * @param value what the ending thread had; never 0
         */
        void destroy(long value);
    }

    private record Key(long sequence, @Nullable Destructor destructor) {
        int name(int slot) {
            return (int) (sequence << SLOT_BITS | slot) & Integer.MAX_VALUE;
        }
    }

    /**
     * Makes a key.
     *
     * @param destructor called at the end of each thread whose value is not null; may be null
     * @return the key, 0 or more, with null as its value in every thread; or -EAGAIN where {@link #KEYS_MAX} exist
     */
    public static synchronized int create(@Nullable Destructor destructor) {
        for (int slot = 0; slot < KEYS_MAX; slot++) {
            if (KEYS.get(slot) == null) {
                Key key = new Key(++lastSequence, destructor);
                KEYS.set(slot, key);
                return key.name(slot);
            }
        }
        return -Linux.EAGAIN();
    }

    /**
     * Forgets the key and every thread's value of it; no destructor runs.
     *
     * @param key what {@link #create} returned
     * @return 0, or -EINVAL where there is no such key
     */
    public static synchronized int delete(int key) {
        if (keyNamed(key) == null) {
            return -Linux.EINVAL();
        }
        KEYS.set(key & SLOT_MASK, null);
        return 0;
    }

    /**
     * {@return the calling thread's value; 0 where it has none, or where there is no such key}
     *
     * @param key what {@link #create} returned
     */
    public static long get(int key) {
        Key live = keyNamed(key);
        Tcb tcb = Tcb.currentOrNull();
        long values = tcb == null ? 0 : tcb.specificOrNull();
        if (live == null || values == 0) {
            return 0;
        }
        long entry = entry(values, key & SLOT_MASK);
        return sequence(entry) == live.sequence ? value(entry) : 0;
    }

    /**
     * Sets the calling thread's value.
     *
     * @param key what {@link #create} returned
     * @param value 0 for none
     * @return 0, or -EINVAL where there is no such key
     */
    public static int set(int key, long value) {
        Key live = keyNamed(key);
        if (live == null) {
            return -Linux.EINVAL();
        }
        put(entry(Tcb.current().specific(), key & SLOT_MASK), live.sequence, value);
        return 0;
    }

    /** Runs in the thread that ends, after its clean-up handlers. */
    static void destroyValues(Tcb tcb, Failures failures) {
        long values = tcb.specificOrNull();
        if (values == 0) {
            return;
        }
        int rounds = 0;
        while (rounds < DESTRUCTOR_ITERATIONS && destroyOnce(values, failures)) {
            rounds++;
        }
        forget(values); // what the last round's destructors left
    }

    /** @return whether any destructor ran */
    private static boolean destroyOnce(long values, Failures failures) {
        boolean any = false;
        for (int slot = 0; slot < KEYS_MAX; slot++) {
            Key live = KEYS.get(slot);
            long entry = entry(values, slot);
            long value = value(entry);
            if (live != null && sequence(entry) == live.sequence && value != 0 && live.destructor != null) {
                put(entry, 0, 0);
                failures.collect(() -> live.destructor.destroy(value));
                any = true;
            }
        }
        return any;
    }

    private static void forget(long values) {
        for (int slot = 0; slot < KEYS_MAX; slot++) {
            put(entry(values, slot), 0, 0);
        }
    }

    private static @Nullable Key keyNamed(int key) {
        int slot = key & SLOT_MASK;
        Key live = KEYS.get(slot);
        return live != null && live.name(slot) == key ? live : null;
    }

    private static long entry(long values, int slot) {
        return values + slot * Tcb.SPECIFIC_LAYOUT.byteSize();
    }

    private static long sequence(long entry) {
        return (long) SEQUENCE.get(Native.EVERYTHING, entry);
    }

    private static long value(long entry) {
        return (long) VALUE.get(Native.EVERYTHING, entry);
    }

    private static void put(long entry, long sequence, long value) {
        SEQUENCE.set(Native.EVERYTHING, entry, sequence);
        VALUE.set(Native.EVERYTHING, entry, value);
    }
}
