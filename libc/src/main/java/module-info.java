/** Off-heap parts of a C library. */
module dev.banos.libc {
    requires dev.banos.mem;
}
