/** The thread control block and the allocator. */
module dev.banos.mem {
    requires dev.banos.bindings;
}
