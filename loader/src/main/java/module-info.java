/** Loads and calls driver objects. */
module dev.banos.loader {
    requires dev.banos.bindings;
    requires dev.banos.libc;
    requires dev.banos.mem;
    requires jdk.jfr;

    exports dev.banos.loader;
}
