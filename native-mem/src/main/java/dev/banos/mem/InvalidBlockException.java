package dev.banos.mem;

/**
 * An address was passed to free, realloc or usableSize that is not the beginning of a live block of that heap. Nothing
 * has changed. The message names the address, what lies there, its size class and its owner.
 */
public final class InvalidBlockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long address;

    InvalidBlockException(long address, String message) {
        super(message);
        this.address = address;
    }

    /** The address as it was passed. */
    public long address() {
        return address;
    }
}
