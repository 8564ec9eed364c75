package dev.banos.samples.examples;

import dev.banos.fuzz.AllocatorPropertiesTest;
import dev.banos.fuzz.AllocatorUnderTest;

/** All that it takes to fuzz an allocator in a build. */
class ArenaBlocksPropertiesTest extends AllocatorPropertiesTest {
    @Override
    protected AllocatorUnderTest create() {
        return new ArenaBlocks();
    }
}
