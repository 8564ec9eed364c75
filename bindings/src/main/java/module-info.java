import org.jspecify.annotations.NullMarked;

/** The C functions that the runtime calls, and the only code that may call restricted methods. */
@SuppressWarnings("module") // the modules named here are built later
@NullMarked
module dev.banos.bindings {
    requires static transitive org.jspecify;

    exports dev.banos.bindings to
            dev.banos.adapter.netty, dev.banos.adapter.lucene,
            dev.banos.mem, dev.banos.mem.agent, dev.banos.libc, dev.banos.loader, dev.banos.fuzz, dev.banos.samples,
            dev.banos.benchmarks;
    exports dev.banos.bindings.generated to
            dev.banos.mem, dev.banos.libc, dev.banos.loader, dev.banos.fuzz, dev.banos.samples, dev.banos.benchmarks;
}
