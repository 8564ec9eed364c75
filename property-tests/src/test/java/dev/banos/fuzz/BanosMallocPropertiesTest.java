package dev.banos.fuzz;

/** The laws on the malloc that all threads share. */
class BanosMallocPropertiesTest extends AllocatorPropertiesTest {
    @Override
    protected AllocatorUnderTest create() {
        return Target.parse("banos");
    }
}
