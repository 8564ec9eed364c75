package dev.banos.fuzz;

/** The laws on a heap that is hardened in every way: it finds nothing in lawful programs, and breaks none of theirs. */
class BanosHardenedPropertiesTest extends AllocatorPropertiesTest {
    @Override
    protected AllocatorUnderTest create() {
        return Target.parse("banos:hardened");
    }
}
