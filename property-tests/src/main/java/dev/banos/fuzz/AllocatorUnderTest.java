package dev.banos.fuzz;

/**
 * An allocator that can be fuzzed or replayed: the functions of C on plain addresses, and what it promises beyond C.
 *
 * <p>Each function behaves as its namesake in C: 0 means "refused", and {@link #errno()} then says why. Sizes are unsigned
 * 64-bit numbers, as {@code size_t} is. Where {@link Promises#checksFrees()} holds, a free of an address that is not a live
 * block throws any {@link RuntimeException}; an exception at any other time is a finding.
 *
 * <p>Implementations are called from several threads at once unless {@link Promises#threads()} is false.
 */
public interface AllocatorUnderTest extends AutoCloseable {
    long malloc(long size);

    long calloc(long count, long size);

    /** {@code address} 0 is malloc. */
    long realloc(long address, long size);

    /** @param alignment a power of two; with {@link Promises#checksAlignments()}, any number but 0 */
    long alignedAlloc(long alignment, long size);

    /** {@code address} 0 is allowed and does nothing. */
    void free(long address);

    /** Bytes that may be written from {@code address} on; asked only where {@link Promises#usableSize()} holds. */
    long usableSize(long address);

    /** The errno of the last call that the calling thread made and that was refused. */
    int errno();

    Promises promises();

    /** Ends this instance. Blocks that are still live belong to it and are not used after this call. */
    @Override
    default void close() {
    }
}
