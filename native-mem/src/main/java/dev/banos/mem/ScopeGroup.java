package dev.banos.mem;

import dev.banos.lock.SpinLock;
import dev.banos.lock.StackRoom;
import java.lang.foreign.Arena;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Shared scopes that retire together. The close of a shared arena is expensive because the JVM asks every thread whether it is in
 * the middle of an access; a group asks once for many scopes.
 *
 * <pre>
 *   generation   scope closed | scope closed | scope open | room for more
 *                    one lifetime; it ends when all have been closed and there is room for no more, or at retire()
 * </pre>
 *
 * <p>Between a scope's close and the end of its generation its memory stays mapped and is not used again. So an access that comes
 * too late sees or changes what was there, and harms no one. After the end of the generation it throws
 * {@link IllegalStateException}, as after the close of any arena. If each close must make its segments unreachable at once, use
 * {@link HeapScope#ofShared}.
 *
 * <p>The memory is malloc's or a heap's. The heap cannot be closed before the generations of its scopes have ended: after the
 * {@link #close} of the group and that of each scope.
 *
 * <p>Any thread may use a group. A scope that stays open for long, or is never closed, keeps the memory of its generation: open
 * such a scope in another group, or in none.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="group"}
 */
public final class ScopeGroup implements AutoCloseable {
    private static final int DEFAULT_SCOPES = 1024;
    private static final long DEFAULT_BYTES = 4 << 20;

    private final @Nullable Heap heap;
    private final int scopes;
    private final long bytes;
    private final SpinLock lock = new SpinLock();
    private @Nullable Generation current;
    /** Those that let no scope in and have none open: their end is due, or was put off because native code had one of their segments. */
    private final Queue due = new Queue();
    /**
     * Held while generations end: who finds none that is due must not say so while another is still ending the last. It parks, as
     * the JVM asks all threads meanwhile; and it is reentrant, for a program's own cleanup actions.
     */
    private final ReentrantLock ending = new ReentrantLock();
    private long waitingScopes;
    private long waitingBytes;
    private boolean closed;

    /** @param heap null for malloc */
    private ScopeGroup(@Nullable Heap heap, int scopes, long bytes) {
        this.heap = heap;
        this.scopes = scopes;
        this.bytes = bytes;
    }

    /** {@return a group whose generations end after 1,024 scopes, or 4 MiB} */
    public static ScopeGroup create() {
        return create(DEFAULT_SCOPES, DEFAULT_BYTES);
    }

    /**
     * A group whose generations end after so many scopes or bytes, whichever comes first.
     *
     * @param scopes how many scopes share a generation at most: so many closes cost as much as one
     * @param bytes how much memory of closed scopes a generation may hold before it takes in no more scopes
     * @return the group, open until its {@link #close}
     * @throws IllegalArgumentException when {@code scopes} is less than 1 or {@code bytes} negative
     */
    public static ScopeGroup create(int scopes, long bytes) {
        return new ScopeGroup(null, atLeastOne(scopes, bytes), bytes);
    }

    /**
     * A group as of {@link #create()}, with memory of the heap.
     *
     * @param heap one that serves all threads
     * @return the group, open until its {@link #close}
     * @throws IllegalArgumentException when the heap is confined to a thread
     */
    public static ScopeGroup create(Heap heap) {
        return create(heap, DEFAULT_SCOPES, DEFAULT_BYTES);
    }

    /**
     * A group as of {@link #create(int, long)}, with memory of the heap.
     *
     * @param heap one that serves all threads. Its close is refused while a scope is open, or waits for the end of its generation
     * @param scopes how many scopes share a generation at most
     * @param bytes how much memory of closed scopes a generation may hold before it takes in no more scopes
     * @return the group, open until its {@link #close}
     * @throws IllegalArgumentException when the heap is confined to a thread, {@code scopes} less than 1 or {@code bytes} negative
     */
    public static ScopeGroup create(Heap heap, int scopes, long bytes) {
        ScopeGroup made = new ScopeGroup(heap, atLeastOne(scopes, bytes), bytes);
        HeapTenant ignored = HeapTenant.shared(heap); // which looks whether it serves all
        return made;
    }

    private static int atLeastOne(int scopes, long bytes) {
        if (scopes < 1 || bytes < 0) {
            throw new IllegalArgumentException("scopes=" + scopes + ", bytes=" + bytes + ": at least one scope, and 0 bytes");
        }
        return scopes;
    }

    /**
     * Opens a scope for any thread, with segments of zeros.
     *
     * @return the scope, open until its own close
     * @throws IllegalStateException after the group's close, or its heap's
     */
    public HeapScope open() {
        return open(true);
    }

    /**
     * Opens a scope as {@link #open}, with segments of undefined content.
     *
     * @return the scope, open until its own close
     * @throws IllegalStateException after the group's close, or its heap's
     */
    public HeapScope openUninitialized() {
        return open(false);
    }

    /** The scope is made before it is counted: Java's heap may have no room for it. */
    private HeapScope open(boolean zeroes) {
        while (true) {
            Generation seen = current; // a hint, without the lock: the one under it decides
            Generation joined = seen == null ? new Generation(this) : seen;
            HeapScope scope = HeapScope.of(joined, zeroes);
            if (join(joined, seen == null)) {
                return scope;
            }
        }
    }

    /**
     * Ends the present generation as soon as its scopes are closed, or at once if they are. When this returns, segments of scopes
     * that were closed before cannot be reached, except in generations with a scope that is still open, or with a segment that
     * native code is using. What a cleanup action throws is thrown by the call that ends its generation, whose memory goes back
     * nevertheless.
     */
    public void retire() {
        lock.lock();
        try {
            Generation sealed = seal();
            if (sealed != null && sealed.open == 0) {
                due.add(sealed);
            }
        } finally {
            lock.unlock();
        }
        endAllDue();
    }

    /** Does what {@link #retire} does, and opens no scope any more. Open scopes stay open; the last close ends their generation. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        retire();
    }

    /** {@return how many bytes of closed scopes wait for the end of their generation} */
    public long waitingBytes() {
        lock.lock();
        try {
            return waitingBytes;
        } finally {
            lock.unlock();
        }
    }

    /** {@return how many closed scopes wait for the end of their generation: their segments can still be reached} */
    public long waitingScopes() {
        lock.lock();
        try {
            return waitingScopes;
        } finally {
            lock.unlock();
        }
    }

    /** @return whether it is the present generation, or has become it */
    private boolean join(Generation joined, boolean isNew) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the scope group is closed");
            }
            if (isNew && current == null) {
                joined.enterHeap();
                current = joined;
            }
            if (current != joined) {
                return false;
            }
            joined.open++;
            if (++joined.joined == scopes) {
                seal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Called by a scope that is being closed, once, under its lock: its blocks are freed when the generation ends. When the lock is taken
     * there is a page of stack left, so this is done or is not.
     *
     * @return whether the generation is to end
     */
    private boolean count(Generation generation, HeapScope scope) {
        lock.lock();
        try {
            scope.nextWaiting = generation.waiting;
            generation.waiting = scope;
            generation.waitingScopes++;
            generation.waitingBytes += scope.blockBytes();
            waitingScopes++;
            waitingBytes += scope.blockBytes();
            generation.open--;
            if (generation == current && generation.waitingBytes >= bytes) {
                seal();
            }
            boolean ends = generation != current && generation.open == 0;
            if (ends) { // nobody joins it any more, so this is the last to leave
                due.add(generation);
            }
            return ends;
        } finally {
            lock.unlock();
        }
    }

    /** Lets no more scopes into the present generation. @return it, or null where there is none */
    private @Nullable Generation seal() {
        Generation sealed = current;
        current = null;
        return sealed;
    }

    private void endAllDue() {
        StackRoom.require(HeapScope.CALLS_TO_CLOSE); // until here all that is due stays so, for the next to come
        ending.lock();
        try {
            endEachDue();
        } finally {
            ending.unlock();
        }
    }

    /** What cleanup actions throw comes out of it when all have ended. */
    private void endEachDue() {
        Throwable thrown = null;
        Queue inUse = new Queue();
        try {
            for (Generation next = takeDue(); next != null; next = takeDue()) {
                try {
                    end(next);
                } catch (RuntimeException ofAction) {
                    thrown = Thrown.joined(thrown, ofAction);
                } finally {
                    if (next.lifetime.scope().isAlive()) { // native code has a segment
                        inUse.add(next);
                    }
                }
            }
        } finally {
            putOff(inUse);
        }
        Thrown.rethrow(thrown);
    }

    /** Outside the lock: this is where the JVM asks all threads. Does nothing where native code has a segment. */
    private void end(Generation generation) {
        boolean askedAll = true;
        try {
            generation.lifetime.close();
        } catch (IllegalStateException inUseOrOfAction) {
            if (!generation.lifetime.scope().isAlive()) {
                throw inUseOrOfAction;
            }
        } catch (VirtualMachineError perhapsBefore) { // then another thread may still be in the memory, which stays
            askedAll = false;
            throw perhapsBefore;
        } finally {
            if (askedAll && !generation.lifetime.scope().isAlive()) { // also where a cleanup action throws
                free(generation);
            }
        }
    }

    /** What one scope's blocks throw keeps no other's. */
    private void free(Generation generation) {
        Throwable thrown = null;
        for (HeapScope each = generation.waiting; each != null; each = each.nextWaiting) {
            try {
                each.freeBlocks();
            } catch (RuntimeException | Error ofOne) {
                thrown = Thrown.joined(thrown, ofOne);
            }
        }
        try {
            takeOut(generation);
        } finally {
            generation.leaveHeap();
        }
        Thrown.rethrow(thrown);
    }

    private void takeOut(Generation generation) {
        lock.lock();
        try {
            waitingScopes -= generation.waitingScopes;
            waitingBytes -= generation.waitingBytes;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Generation takeDue() {
        lock.lock();
        try {
            return due.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Whoever ends a generation next tries again. */
    private void putOff(Queue inUse) {
        lock.lock();
        try {
            for (Generation next = inUse.poll(); next != null; next = inUse.poll()) {
                due.add(next);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "scope group with " + waitingScopes() + " closed scopes of " + waitingBytes() + " bytes waiting";
    }

    /** The scopes of one lifetime. All but the lifetime changes under the lock of the group. */
    static final class Generation {
        final Arena lifetime = Arena.ofShared();
        /** Of the scopes' blocks; null as in {@link HeapScope}. */
        final @Nullable HeapTenant tenant;
        private final ScopeGroup group;
        private int joined;
        private int open;
        private @Nullable HeapScope waiting;
        private @Nullable Generation next;
        private long waitingScopes;
        private long waitingBytes;

        private Generation(ScopeGroup group) {
            this.group = group;
            this.tenant = group.heap == null ? Heap.tenantOfMalloc() : HeapTenant.shared(group.heap);
        }

        /** As long as it lasts. */
        private void enterHeap() {
            if (tenant != null) {
                tenant.enter(group);
            }
        }

        private void leaveHeap() {
            if (tenant != null) {
                HeapScope.leave(tenant);
            }
        }

        /** @return whether {@link #end} is to be called, without a lock */
        boolean count(HeapScope scope) {
            return group.count(this, scope);
        }

        void end() {
            group.endAllDue();
        }
    }

    /** Adding one takes no memory of Java's heap, which may be full: what is not added would stay for good. */
    private static final class Queue {
        private @Nullable Generation first;
        private @Nullable Generation last;

        void add(Generation added) {
            if (last == null) {
                first = added;
            } else {
                last.next = added;
            }
            last = added;
        }

        @Nullable Generation poll() {
            Generation polled = first;
            if (polled != null) {
                first = polled.next;
                last = first == null ? null : last;
                polled.next = null;
            }
            return polled;
        }
    }
}
