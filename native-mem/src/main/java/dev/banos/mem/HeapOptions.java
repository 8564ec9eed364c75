package dev.banos.mem;

import java.util.Objects;

/**
 * What a heap is to be like, for {@link Heap#create(HeapOptions)}. Begin with {@link #confined} or {@link #shared}; each
 * method returns options that differ in one thing, and leaves these as they are, so that one value can serve many heaps.
 *
 * <pre>{@code
 *   Heap images = Heap.create(HeapOptions.shared().named("images"));
 * }</pre>
 */
public final class HeapOptions {
    private static final HeapOptions CONFINED = new HeapOptions(Access.CONFINED);
    private static final HeapOptions SHARED = new HeapOptions(Access.SHARED);

    final Access access;
    /** Null where the heap is to be known by its number. */
    private String name;

    private HeapOptions(Access access) {
        this.access = access;
    }

    /** A heap that allocates for the thread that creates it, at the speed of that thread's own malloc. */
    public static HeapOptions confined() {
        return CONFINED;
    }

    /** A heap that allocates for any thread, one at a time. */
    public static HeapOptions shared() {
        return SHARED;
    }

    /** The name that messages, statistics and recordings show. It need not be unique. */
    public HeapOptions named(String name) {
        HeapOptions changed = copy();
        changed.name = Objects.requireNonNull(name, "name");
        return changed;
    }

    String name() {
        return name;
    }

    /** Nobody else has the copy yet: the one who takes it may set a field, and then it never changes again. */
    private HeapOptions copy() {
        HeapOptions copy = new HeapOptions(access);
        copy.name = name;
        return copy;
    }
}
