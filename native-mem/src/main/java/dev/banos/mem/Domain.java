package dev.banos.mem;

/**
 * Whose blocks may be freed through which door. All threads share the domain of {@link Malloc}, so that any of them frees
 * any other's blocks; a heap that an application created is a domain of its own.
 */
final class Domain {
    static final Domain MALLOC = new Domain("malloc");

    private final String name;
    /** Changes under the lock of the domain's pool, and is read there by all who are not the owner. */
    boolean closed;

    Domain(String name) {
        this.name = name;
    }

    @Override
    public String toString() {
        return name;
    }
}
