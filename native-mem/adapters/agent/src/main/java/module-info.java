import org.jspecify.annotations.NullMarked;

/** Moves the native memory of a program's {@code Unsafe} calls to the allocator. */
@NullMarked
module dev.banos.mem.agent {
    requires dev.banos.bindings;
    requires dev.banos.mem;
    requires transitive java.instrument;
    requires static transitive org.jspecify;

    exports dev.banos.mem.agent;
}
