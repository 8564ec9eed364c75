package dev.banos.fuzz;

/** The laws on a heap of its own. */
class BanosPropertiesTest extends AllocatorPropertiesTest {
    @Override
    protected AllocatorUnderTest create() {
        return Target.parse("banos:own");
    }
}
