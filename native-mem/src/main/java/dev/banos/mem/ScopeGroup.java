package dev.banos.mem;

import dev.banos.lock.SpinLock;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Shared scopes that retire together. What makes the close of a shared arena dear is that the JVM asks every thread whether it
 * is in the middle of an access; a group asks once for many scopes.
 *
 * <pre>
 *   generation   scope closed | scope closed | scope open | room for more
 *                    one lifetime; it ends when all have been closed and there is room for no more, or at retire()
 * </pre>
 *
 * <p>Between a scope's close and the end of its generation its memory is nobody else's: it stays mapped and is not used again.
 * So an access that comes too late sees or changes what was there, and harms no one. After the end it throws
 * {@link IllegalStateException}, as after the close of any arena. A program for which each single close must make its segments
 * unreachable at once uses {@link HeapScope#ofShared}.
 *
 * <p>For any thread. A scope that stays open for long, or is never closed, keeps the memory of its generation: give such a
 * scope another group, or none.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="group"}
 */
public final class ScopeGroup implements AutoCloseable {
    private static final int DEFAULT_SCOPES = 1024;
    private static final long DEFAULT_BYTES = 4 << 20;

    private final int scopes;
    private final long bytes;
    private final SpinLock lock = new SpinLock();
    private @Nullable Generation current;
    /** Those that let no scope in and have none open: their end is due, or was put off because native code had one of their segments. */
    private final ArrayDeque<Generation> due = new ArrayDeque<>();
    /**
     * Held while generations end: who finds none that is due must not say so while another is still ending the last. It parks, as
     * the JVM asks all threads meanwhile; and it is reentrant, for a program's own cleanup actions.
     */
    private final ReentrantLock ending = new ReentrantLock();
    private long waitingScopes;
    private long waitingBytes;
    private boolean closed;

    private ScopeGroup(int scopes, long bytes) {
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
     * @param scopes the most that share a generation: so many closes cost one
     * @param bytes how much memory of closed scopes a generation may hold before it takes in no more scopes
     * @return the group, open until its {@link #close}
     * @throws IllegalArgumentException when {@code scopes} is less than 1 or {@code bytes} negative
     */
    public static ScopeGroup create(int scopes, long bytes) {
        if (scopes < 1 || bytes < 0) {
            throw new IllegalArgumentException("scopes=" + scopes + ", bytes=" + bytes + ": at least one scope, and 0 bytes");
        }
        return new ScopeGroup(scopes, bytes);
    }

    /**
     * A scope for any thread, whose segments are zero.
     *
     * @return the scope, open until its own close
     * @throws IllegalStateException after the group's close
     */
    public HeapScope open() {
        return HeapScope.of(join(), true);
    }

    /**
     * A scope as {@link #open} makes it, but what its segments hold at first is undefined.
     *
     * @return the scope, open until its own close
     * @throws IllegalStateException after the group's close
     */
    public HeapScope openUninitialized() {
        return HeapScope.of(join(), false);
    }

    /**
     * Ends the present generation as soon as its scopes are closed: at once, if they are. When this returns, no segment can be
     * reached whose scope was closed in this group before, except those of generations with a scope that is still open, or a
     * segment in native code. What a cleanup action throws comes out of the call that ends its generation, and keeps no memory.
     */
    public void retire() {
        lock.lock();
        try {
            Generation sealed = seal();
            if (sealed != null && sealed.open == 0) {
                due.addLast(sealed);
            }
        } finally {
            lock.unlock();
        }
        endAllDue();
    }

    /** As {@link #retire}, and opens no scope any more. Scopes that are open stay so; the last close ends their generation. */
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

    /** {@return how much memory of closed scopes waits for the end of its generation} */
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

    private Generation join() {
        Generation spare = null; // made outside the lock, and only when there is none to join
        while (true) {
            lock.lock();
            try {
                if (closed) {
                    break;
                }
                if (current == null) {
                    current = spare;
                }
                if (current != null) {
                    return join(current);
                }
            } finally {
                lock.unlock();
            }
            spare = new Generation(this);
        }
        throw new IllegalStateException("the scope group is closed");
    }

    private Generation join(Generation joined) {
        joined.open++;
        if (++joined.joined == scopes) {
            seal();
        }
        return joined;
    }

    /** Called by a scope that has just been closed, once: its blocks are freed when the generation ends. */
    private void left(Generation generation, HeapScope scope) {
        boolean ends;
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
            ends = generation != current && generation.open == 0;
            if (ends) { // nobody joins it any more, so this is the last to leave
                due.addLast(generation);
            }
        } finally {
            lock.unlock();
        }
        if (ends) {
            endAllDue();
        }
    }

    /** Lets no more scopes into the present generation. @return it, or null where there is none */
    private @Nullable Generation seal() {
        Generation sealed = current;
        current = null;
        return sealed;
    }

    private void endAllDue() {
        List<Generation> inUse = new ArrayList<>();
        ending.lock();
        try {
            endAllDue(inUse);
        } finally {
            putOff(inUse);
            ending.unlock();
        }
    }

    /** What cleanup actions throw comes out of it when all have ended. */
    private void endAllDue(List<Generation> inUse) {
        RuntimeException thrown = null;
        for (Generation next = pollDue(); next != null; next = pollDue()) {
            try {
                end(next);
            } catch (RuntimeException ofAction) {
                if (thrown == null) {
                    thrown = ofAction;
                } else if (ofAction != thrown) {
                    thrown.addSuppressed(ofAction);
                }
            } finally {
                if (next.lifetime.scope().isAlive()) { // native code has a segment
                    inUse.add(next);
                }
            }
        }
        if (thrown != null) {
            throw thrown;
        }
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

    private void free(Generation generation) {
        try {
            for (HeapScope each = generation.waiting; each != null; each = each.nextWaiting) {
                each.freeBlocks();
            }
        } finally {
            takeOut(generation);
        }
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

    private @Nullable Generation pollDue() {
        lock.lock();
        try {
            return due.pollFirst();
        } finally {
            lock.unlock();
        }
    }

    /** Whoever ends a generation next tries again. */
    private void putOff(List<Generation> inUse) {
        lock.lock();
        try {
            due.addAll(inUse);
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
        private final ScopeGroup group;
        private int joined;
        private int open;
        private @Nullable HeapScope waiting;
        private long waitingScopes;
        private long waitingBytes;

        private Generation(ScopeGroup group) {
            this.group = group;
        }

        void left(HeapScope scope) {
            group.left(this, scope);
        }
    }
}
