/** Fuzzes allocators. */
module dev.banos.fuzz {
    requires dev.banos.loader;
}
