package dev.banos.libc.hash;

import java.util.HashSet;
import java.util.Set;

/** Malloc that refuses when told so, and knows what was not given back. */
final class FailingStorage implements Storage {
    private final Set<Long> blocks = new HashSet<>();
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
        blocks.add(block);
        return block;
    }

    @Override
    public void free(long address) {
        if (!blocks.remove(address)) {
            throw new AssertionError("address=" + address + " was not allocated here");
        }
        Storage.MALLOC.free(address);
    }

    int blocks() {
        return blocks.size();
    }
}
