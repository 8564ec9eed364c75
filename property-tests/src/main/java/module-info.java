import org.jspecify.annotations.NullMarked;

/** Fuzzes allocators: a stateful model of live blocks, programs that break allocators, the shortest one that did. */
@NullMarked
module dev.banos.fuzz {
    requires dev.banos.bindings;
    requires dev.banos.mem;
    requires dev.banos.loader;
    requires static net.jqwik.api; // whoever extends AllocatorPropertiesTest or uses Programs has it on the test path
    requires static transitive org.jspecify;

    exports dev.banos.fuzz;
}
