package dev.banos.fuzz;

/**
 * An allocator that can be fuzzed or replayed: the functions of C on plain addresses, and what it promises beyond C.
 *
 * <p>Each function behaves as its namesake in C: 0 means "refused", and {@link #errno()} then says why. Sizes are unsigned
 * 64-bit numbers, as {@code size_t} is. If {@link Promises#checksFrees()} holds, a free of an address that is not a live block
 * throws any {@link RuntimeException}; an exception at any other time is a finding.
 *
 * <p>Implementations are called from several threads at once unless {@link Promises#threads()} is false.
 */
public interface AllocatorUnderTest extends AutoCloseable {
    /**
     * Allocates a block, as C17, 7.22.3.4.
     *
     * @param size in bytes
     * @return where the block begins; 0 if it is refused
     */
    long malloc(long size);

    /**
     * Allocates a block of zeros, as C17, 7.22.3.2.
     *
     * @param count how many elements
     * @param size in bytes, of each
     * @return where the block begins; 0 if it is refused, also because the product overflows
     */
    long calloc(long count, long size);

    /**
     * Resizes a block, as C17, 7.22.3.5.
     *
     * @param address a live block; 0 is malloc
     * @param size in bytes; for 0 an allocator frees the block and returns 0, or returns a block of no bytes
     * @return where the block is now; 0 if it is refused, and then the block is as it was
     */
    long realloc(long address, long size);

    /**
     * Allocates an aligned block, as C17, 7.22.3.1, of any size.
     *
     * @param alignment a power of two; with {@link Promises#checksAlignments()}, any number except 0
     * @param size in bytes
     * @return where the block begins; 0 if it is refused
     */
    long alignedAlloc(long alignment, long size);

    /**
     * Frees a block, as C17, 7.22.3.3.
     *
     * @param address a live block; 0 is allowed and does nothing; with {@link Promises#checksFrees()}, any number
     */
    void free(long address);

    /**
     * Tells how large a block really is, as glibc's {@code malloc_usable_size}. Called only if {@link Promises#usableSize()} holds.
     *
     * @param address a live block
     * @return how many bytes may be written from {@code address} on
     */
    long usableSize(long address);

    /** {@return the errno of the calling thread's last call that was refused} */
    int errno();

    /** {@return what it is held to beyond C; the same at each call} */
    Promises promises();

    /**
     * Ends this instance. Blocks that are still live belong to it and are not used after this call. A campaign makes thousands of
     * instances, so each must give back here the memory that it took for itself.
     */
    @Override
    default void close() {
    }
}
