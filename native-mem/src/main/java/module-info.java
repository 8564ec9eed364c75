/** The thread control block and the allocator. */
@SuppressWarnings("module") // dev.banos.fuzz is built later
module dev.banos.mem {
    requires dev.banos.bindings;
    requires java.management;
    requires jdk.jfr;

    exports dev.banos.mem;
    exports dev.banos.mem.insight;
    exports dev.banos.thread;
    exports dev.banos.mem.fault to dev.banos.fuzz;
}
