import org.jspecify.annotations.NullMarked;

/** Off-heap parts of a C library. */
@NullMarked
module dev.banos.libc {
    requires dev.banos.bindings;
    requires dev.banos.mem;
    requires static transitive org.jspecify;

    exports dev.banos.libc.getopt;
    exports dev.banos.libc.hash;
    exports dev.banos.libc.pthread;
    exports dev.banos.libc.sort;
    exports dev.banos.libc.zip;
}
