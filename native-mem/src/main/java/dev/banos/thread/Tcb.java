package dev.banos.thread;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/**
 * The thread control block: one off-heap record for each thread, and what Java keeps beside it.
 *
 * <pre>
 *  0         4              8             12           16           24
 *  +---------+--------------+-------------+------------+------------+
 *  |  errno  | cancel_state | cancel_type | cancelled  |  specific ---> {sequence, value} x 128
 *  +---------+--------------+-------------+------------+------------+
 *  '- the capture state: a downcall writes errno straight into it
 * </pre>
 *
 * <p>A public method of Banos reads {@link #current} once and passes it down. A {@link BanosThread} has the block in a field, which
 * is fastest. Any other platform thread has it in a table indexed by its id. So has a virtual thread, but only from the first time
 * that something asks for it: a million virtual threads that only allocate have none.
 *
 * <p>Blocks of ended threads are recycled, see {@link TcbTable}. So do not keep a {@code Tcb} beyond its thread's end: it may be
 * another thread's by then.
 */
public final class Tcb {
    /** How many thread-specific values a thread has. */
    public static final int SPECIFIC_KEYS = 128;

    /** The native record, as the picture above has it. Its first member is {@link SystemCalls#STATE}. */
    public static final StructLayout LAYOUT = MemoryLayout.structLayout(
            SystemCalls.STATE.withName("captured"),
            JAVA_INT.withName("cancel_state"),
            JAVA_INT.withName("cancel_type"),
            JAVA_INT.withName("cancelled"),
            JAVA_LONG.withName("specific"));

    /** One thread-specific value, with the sequence number of the key that it was set for. */
    public static final StructLayout SPECIFIC_LAYOUT = MemoryLayout.structLayout(
            JAVA_LONG.withName("sequence"),
            JAVA_LONG.withName("value"));

    private static final long ADDRESSES = (1L << 56) - LAYOUT.byteAlignment();

    private static final RecordStore RECORDS = new RecordStore(LAYOUT.byteSize());
    private static final RecordStore SPECIFIC_VALUES = new RecordStore(SPECIFIC_LAYOUT.byteSize() * SPECIFIC_KEYS);

    /** The owner's {@link Thread#threadId}, which the JVM never gives out twice; -1 once the thread has ended. */
    long threadId;
    final WeakReference<Thread> thread;
    private final long address;
    private final MemorySegment segment;
    private @Nullable ThreadAttachment attachment;
    private @Nullable Object companion;

    Tcb(Thread thread) {
        this.thread = new WeakReference<>(thread);
        this.threadId = thread.threadId();
        this.address = RECORDS.take();
        assert address == record();
        this.segment = Native.segment(address, LAYOUT.byteSize());
    }

    /** {@return the calling thread's block; made on its first call} */
    public static Tcb current() {
        Tcb tcb = currentOrNull();
        return tcb != null ? tcb : TcbTable.findOrCreate(Thread.currentThread());
    }

    /**
     * The calling thread's block if it has one. Never takes a lock, never allocates.
     *
     * @return the block, or null
     */
    public static @Nullable Tcb currentOrNull() {
        Thread thread = Thread.currentThread();
        Tcb own = thread instanceof BanosThread carrying ? carrying.tcb : null;
        return own != null ? own : TcbTable.find(thread.threadId());
    }

    /**
     * The block of a thread that has started and not ended; made if it had none.
     *
     * @param thread any thread
     * @return the block; null for a thread that does not run
     */
    public static @Nullable Tcb of(Thread thread) {
        return thread.isAlive() ? TcbTable.findOrCreate(thread) : null;
    }

    /** {@return how many threads have a block now} */
    public static int count() {
        return RECORDS.inUse();
    }

    /** {@return the native record, which begins with the state that {@link SystemCalls} captures into} */
    public MemorySegment segment() {
        return segment;
    }

    /** {@return what the last failed call of this thread left: a number of {@code errno.h}} Success does not change it. */
    public int errno() {
        return (int) Fields.ERRNO.get(Native.EVERYTHING, record());
    }

    /**
     * Sets the thread's errno.
     *
     * @param errno a number of {@code errno.h}, or 0
     */
    public void errno(int errno) {
        Fields.ERRNO.set(Native.EVERYTHING, record(), errno);
    }

    /** {@return whether the thread may be cancelled, as {@code pthread_setcancelstate} sets it: 0, the default, is enabled} */
    public int cancelState() {
        return (int) Fields.CANCEL_STATE.get(Native.EVERYTHING, record());
    }

    /**
     * Sets whether the thread may be cancelled. Only for the thread itself.
     *
     * @param state 0 enabled, 1 disabled
     */
    public void cancelState(int state) {
        Fields.CANCEL_STATE.set(Native.EVERYTHING, record(), state);
    }

    /** {@return when a cancellation takes effect, as {@code pthread_setcanceltype} sets it: 0, the default, is deferred} */
    public int cancelType() {
        return (int) Fields.CANCEL_TYPE.get(Native.EVERYTHING, record());
    }

    /**
     * Sets when a cancellation takes effect. Only for the thread itself.
     *
     * @param type 0 deferred, 1 asynchronous
     */
    public void cancelType(int type) {
        Fields.CANCEL_TYPE.set(Native.EVERYTHING, record(), type);
    }

    /**
     * Who has asked this thread to end, read without an order towards other memory. The only field that other threads write.
     *
     * @return bits; 0: nobody has
     */
    public int cancelledOpaque() {
        return (int) Fields.CANCELLED.getOpaque(Native.EVERYTHING, record());
    }

    /** {@return what {@link #cancelledOpaque} returns; what was written before the bits were set can be seen} */
    public int cancelledAcquire() {
        return (int) Fields.CANCELLED.getAcquire(Native.EVERYTHING, record());
    }

    /**
     * Sets all bits, with what was written before. Only for the thread itself: {@link #cancelledMark} is for others.
     *
     * @param value the bits; 0: nobody has asked
     */
    public void cancelledRelease(int value) {
        Fields.CANCELLED.setRelease(Native.EVERYTHING, record(), value);
    }

    /**
     * Sets {@code bit}, whatever other threads set at the same time.
     *
     * @param bit what to add to {@code cancelled}
     */
    public void cancelledMark(int bit) {
        int _ = (int) Fields.CANCELLED.getAndBitwiseOr(Native.EVERYTHING, record(), bit);
    }

    /**
     * {@return the address of the thread-specific values, {@link #SPECIFIC_KEYS} times {@link #SPECIFIC_LAYOUT}; 0 before their
     * first use}
     */
    public long specificOrNull() {
        return (long) Fields.SPECIFIC.get(Native.EVERYTHING, record());
    }

    /**
     * Makes the thread-specific values, all zero, if they are absent; they go with the block. Only for the thread itself.
     *
     * @return their address, never 0
     */
    public long specific() {
        long values = specificOrNull();
        if (values == 0) {
            values = SPECIFIC_VALUES.take();
            Fields.SPECIFIC.set(Native.EVERYTHING, record(), values);
        }
        return values;
    }

    /**
     * Adds {@code bit} to {@code cancelled} of a thread that has started and not ended. It never marks another thread's block,
     * whenever the thread ends and its block is recycled.
     *
     * @param thread any thread
     * @param bit what to add to {@code cancelled}
     * @return false if the thread is not alive
     */
    public static boolean cancel(Thread thread, int bit) {
        return thread.isAlive() && TcbTable.cancel(thread, bit);
    }

    /**
     * The living thread of that id, if it has a block.
     *
     * @param threadId as {@link Thread#threadId} has it
     * @return the thread, or null
     */
    public static @Nullable Thread threadNamed(long threadId) {
        return TcbTable.threadNamed(threadId);
    }

    /**
     * The {@link #companion()} of the thread of that id, as far as what that thread wrote can be seen here.
     *
     * @param threadId as {@link Thread#threadId} has it
     * @return the object, or null if there is none or no block
     */
    public static @Nullable Object companionNamed(long threadId) {
        return TcbTable.companionNamed(threadId);
    }

    /**
     * What the package of POSIX threads keeps beside the block, such as its clean-up stack.
     *
     * @return the object, or null before its first use
     */
    public @Nullable Object companion() {
        return companion;
    }

    /**
     * Keeps one object beside the block, until the thread ends. Only for the thread itself.
     *
     * @param companion what {@link #companion()} returns from now on
     */
    public void companion(@Nullable Object companion) {
        this.companion = companion;
    }

    /** {@return what the allocator keeps for the thread, or null before its first use} */
    public @Nullable ThreadAttachment attachment() {
        return attachment;
    }

    /**
     * Keeps {@code attachment} with the block, which tells it of the thread's end. Only for the thread itself.
     *
     * @param attachment replaces the one before, which is not told
     */
    public void attach(ThreadAttachment attachment) {
        this.attachment = attachment;
    }

    /** The address, from which the compiler can see that the record is in range and aligned: it spares an access both comparisons. */
    private long record() {
        return address & ADDRESSES;
    }

    /** Called once, after the thread's last use of its block. */
    void recycle() {
        threadId = -1;
        try {
            if (attachment != null) {
                attachment.threadEnded();
            }
        } finally {
            attachment = null;
            companion = null;
            long values = specificOrNull();
            if (values != 0) {
                SPECIFIC_VALUES.giveBack(values);
            }
            RECORDS.giveBack(address);
        }
    }

    /** Apart, for the first handles cost a JVM that has just started ten milliseconds, and its first system call needs none of them. */
    private static final class Fields {
        private static final VarHandle ERRNO = handle(PathElement.groupElement("captured"), PathElement.groupElement("errno"));
        private static final VarHandle CANCEL_STATE = handle(PathElement.groupElement("cancel_state"));
        private static final VarHandle CANCEL_TYPE = handle(PathElement.groupElement("cancel_type"));
        private static final VarHandle CANCELLED = handle(PathElement.groupElement("cancelled"));
        private static final VarHandle SPECIFIC = handle(PathElement.groupElement("specific"));

        private static VarHandle handle(PathElement... path) {
            return LAYOUT.varHandle(path).withInvokeExactBehavior();
        }
    }
}
