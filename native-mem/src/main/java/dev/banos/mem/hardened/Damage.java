package dev.banos.mem.hardened;

import dev.banos.bindings.Native;
import java.lang.foreign.ValueLayout;

/** The first wrong byte of a block. {@code was} is the state of the block when it was looked at: it is out of use since. */
public record Damage(HardenedBlock block, HardenedBlock.State was, long offset, byte expected, byte found) {
    static Damage at(HardenedBlock block, long wrong, byte expected) {
        byte found = Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, wrong);
        return new Damage(block, block.state, wrong - block.address, expected, found);
    }

    @Override
    public String toString() {
        return place() + " holds 0x" + hex(found) + " where 0x" + hex(expected) + " was expected: it was " + block.describe(was);
    }

    private String place() {
        if (was == HardenedBlock.State.FREED) {
            return "written to after its free: byte " + offset;
        }
        return offset < 0 ? "written to in front of its beginning: byte " + offset : "written to past its end: byte " + offset;
    }

    private static String hex(byte value) {
        return Integer.toHexString(value & 0xFF);
    }
}
