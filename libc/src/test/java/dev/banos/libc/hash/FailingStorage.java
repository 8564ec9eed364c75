package dev.banos.libc.hash;

import dev.banos.bindings.Native;
import java.util.HashMap;
import java.util.Map;

/** Malloc that refuses when told so, spoils what is given back, and knows what was not. */
final class FailingStorage implements Storage {
    private static final byte SPOILT = (byte) 0xDD;

    private final Map<Long, Long> blocks = new HashMap<>();
    private boolean failing;

    void failing(boolean failing) {
        this.failing = failing;
    }

    @Override
    public long allocate(long bytes) {
        if (failing) {
            return 0;
        }
        long block = Storage.MALLOC.allocate(bytes);
        blocks.put(block, bytes);
        return block;
    }

    @Override
    public void free(long address) {
        Long bytes = blocks.remove(address);
        if (bytes == null) {
            throw new AssertionError("address=" + address + " was not allocated here");
        }
        Native.segment(address, bytes).fill(SPOILT);
        Storage.MALLOC.free(address);
    }

    int blocks() {
        return blocks.size();
    }
}
