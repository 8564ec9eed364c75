import org.jspecify.annotations.NullMarked;

/** The banos command, and the samples. */
@NullMarked
module dev.banos.samples {
    requires dev.banos.bindings;
    requires dev.banos.fuzz;
    requires dev.banos.libc;
    requires dev.banos.loader;
    requires dev.banos.mem;
    requires static org.jspecify;
}
