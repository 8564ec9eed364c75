package dev.banos.mem;

/**
 * Thrown when an address was passed to free, realloc or usableSize that is not the beginning of a live block of that heap.
 * Nothing has changed. The message names the address, what lies there, its size class and its owner.
 *
 * <p>A {@link CorruptBlockException}, which only hardened heaps throw, says instead that memory was written to that is no block's.
 */
public sealed class InvalidBlockException extends RuntimeException permits CorruptBlockException {
    private static final long serialVersionUID = 1L;

    private final long address;

    InvalidBlockException(long address, String message) {
        super(message);
        this.address = address;
    }

    /** {@return the address as it was passed; 0 if the call took none} */
    public long address() {
        return address;
    }
}
