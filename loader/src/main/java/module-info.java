/** Loads and calls driver objects. */
module dev.banos.loader {
    requires dev.banos.libc;
}
