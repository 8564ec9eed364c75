import org.jspecify.annotations.NullMarked;

/** The thread control block and the allocator. */
@SuppressWarnings("module") // dev.banos.fuzz is built later
@NullMarked
module dev.banos.mem {
    requires dev.banos.bindings;
    requires java.management;
    requires jdk.jfr;
    requires static transitive org.jspecify;

    exports dev.banos.mem;
    exports dev.banos.mem.insight;
    exports dev.banos.thread;
    exports dev.banos.mem.fault to dev.banos.fuzz;
}
