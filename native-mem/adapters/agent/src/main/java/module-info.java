/** Moves the native memory of a program's {@code Unsafe} calls to the allocator. */
module dev.banos.mem.agent {
    requires dev.banos.mem;
    requires transitive java.instrument;

    exports dev.banos.mem.agent;
}
