/** The banos command, and the samples. */
module dev.banos.samples {
    requires dev.banos.bindings;
    requires dev.banos.fuzz;
    requires dev.banos.libc;
    requires dev.banos.loader;
    requires dev.banos.mem;
}
