package dev.banos.mem.agent;

import dev.banos.mem.Malloc;

/**
 * Unsafe's three functions on our memory. What is not ours to do is {@link #PASSED_ON}, and Unsafe itself does it: a size that
 * it answers with 0 or an exception, an address of its own, and a request for which we have no memory but it may have.
 *
 * @param least how many bytes a request must have to be served; at least 1
 * @param most how many it may have
 */
record Service(long least, long most) {
    /** No result: no address is this. */
    static final long PASSED_ON = -1;

    long allocate(long bytes) {
        if (bytes < least || bytes > most) {
            return PASSED_ON;
        }
        long address = Malloc.malloc(bytes);
        return address != 0 ? address : PASSED_ON;
    }

    /** A block stays with the allocator that it came from, whatever it grows to. */
    long reallocate(long address, long bytes) {
        if (address == 0) {
            return allocate(bytes);
        }
        if (bytes < 0 || !Malloc.owns(address)) {
            return PASSED_ON;
        }
        long moved = Malloc.realloc(address, bytes);
        if (moved == 0 && bytes != 0) {
            throw new OutOfMemoryError("Unable to allocate " + bytes + " bytes"); // in Unsafe's words
        }
        return moved;
    }

    boolean free(long address) {
        if (!Malloc.owns(address)) {
            return false;
        }
        Malloc.free(address);
        return true;
    }
}
