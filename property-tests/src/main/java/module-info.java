/** Fuzzes allocators: a stateful model of live blocks, programs that break allocators, the shortest one that did. */
module dev.banos.fuzz {
    requires dev.banos.bindings;
    requires dev.banos.mem;
    requires dev.banos.loader;
    requires static transitive net.jqwik.api; // only AllocatorPropertiesTest and Programs need it

    exports dev.banos.fuzz;
}
