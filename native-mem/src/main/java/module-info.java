/** The thread control block and the allocator. */
@SuppressWarnings("module") // dev.banos.fuzz is built later
module dev.banos.mem {
    requires dev.banos.bindings;

    exports dev.banos.mem;
    exports dev.banos.thread;
    exports dev.banos.mem.fault to dev.banos.fuzz;
}
