/** Off-heap parts of a C library. */
module dev.banos.libc {
    requires dev.banos.bindings;
    requires dev.banos.mem;

    exports dev.banos.libc.getopt;
    exports dev.banos.libc.hash;
    exports dev.banos.libc.pthread;
    exports dev.banos.libc.sort;
    exports dev.banos.libc.zip;
}
