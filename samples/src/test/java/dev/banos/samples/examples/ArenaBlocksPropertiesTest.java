package dev.banos.samples.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.AllocatorPropertiesTest;
import dev.banos.fuzz.AllocatorUnderTest;
import net.jqwik.api.Example;

/** All that it takes to fuzz an allocator in a build. */
class ArenaBlocksPropertiesTest extends AllocatorPropertiesTest {
    @Override
    protected AllocatorUnderTest create() {
        return new ArenaBlocks();
    }

    /** Not an exception, which C would not understand. */
    @Example
    void whatTheArenaRefusesIsNull() {
        assertThat(new ArenaBlocks().alignedAlloc(1L << 62, 16)).isZero();
    }
}
