package dev.banos.fuzz;

import dev.banos.fuzz.generation.Repertoire;
import java.util.function.Consumer;

/**
 * What an allocator promises beyond the C standard; the fuzzer holds it to exactly this. Start from {@link #ofC()} and add:
 * <pre>{@code  Promises.ofC().withCheckedFrees().withUnmappingFrom(64 << 10) }</pre>
 *
 * @param alignment every block of at least this size has this alignment, in bytes
 * @param tinyAlignment the alignment of smaller blocks (a block of n bytes needs no more than the largest power of two in n)
 * @param largestAlignment the largest alignment that {@link AllocatorUnderTest#alignedAlloc} accepts; 0 where there is none
 * @param usableSize whether {@link AllocatorUnderTest#usableSize} is answered
 * @param errno whether a refusal sets errno to ENOMEM
 * @param checksFrees whether a free of anything but a live block throws
 * @param unmapsFrom blocks of this many bytes or more are unmapped by their free; {@link Long#MAX_VALUE} for never
 * @param returnsFootprint whether repeating a program that frees everything keeps the process's memory bounded
 * @param threads whether several threads may call at once, and a block be freed by another thread than its allocator
 * @param mayRefuse whether modest requests may be refused (a limited heap, system calls that fail by schedule)
 * @param checksAlignments whether an alignment that is no power of two is refused with EINVAL
 * @param returnsAtClose whether closing the allocator gives back all its memory, with the blocks that are still live
 */
public record Promises(long alignment, long tinyAlignment, long largestAlignment, boolean usableSize, boolean errno,
        boolean checksFrees, long unmapsFrom, boolean returnsFootprint, boolean threads, boolean mayRefuse, boolean checksAlignments,
        boolean returnsAtClose) {
    private static final long MAX_ALIGN_T = 16;
    private static final long TINY = 8;
    private static final long HUGE_PAGE = 2L << 20;

    /**
     * Checks the alignments.
     *
     * @throws IllegalArgumentException if one is no power of two, the alignment of small blocks is below 8 or above that of
     *     others, or the largest is below 8 and not 0
     */
    public Promises {
        requirePowerOfTwo("alignment", alignment);
        requirePowerOfTwo("tinyAlignment", tinyAlignment);
        if (largestAlignment != 0) {
            requirePowerOfTwo("largestAlignment", largestAlignment);
        }
        if (largestAlignment != 0 && largestAlignment < TINY) {
            throw new IllegalArgumentException("largestAlignment=" + largestAlignment + " is below 8; 0 is for none");
        }
        if (tinyAlignment < TINY) {
            throw new IllegalArgumentException("tinyAlignment=" + tinyAlignment + " is below 8, the model's granule");
        }
        if (tinyAlignment > alignment) {
            throw new IllegalArgumentException("tinyAlignment=" + tinyAlignment + " is above alignment=" + alignment);
        }
    }

    /** {@return what every allocator of a 64-bit C library gives} */
    public static Promises ofC() {
        return new Promises(MAX_ALIGN_T, TINY, HUGE_PAGE, true, true, false, Long.MAX_VALUE, true, true, false, false, false);
    }

    /**
     * {@return these promises with an alignment that all blocks have, small ones also}
     *
     * @param bytes a power of two, 8 or more
     * @throws IllegalArgumentException for any other number
     */
    public Promises withAlignment(long bytes) {
        return with(draft -> {
            draft.alignment = bytes;
            draft.tinyAlignment = bytes;
        });
    }

    /**
     * {@return these promises with another largest alignment}
     *
     * @param bytes a power of two, 8 or more; 0: alignedAlloc is not called at all
     * @throws IllegalArgumentException for any other number
     */
    public Promises withLargestAlignment(long bytes) {
        return with(draft -> draft.largestAlignment = bytes);
    }

    /** {@return these promises of an allocator that does not tell usable sizes} */
    public Promises withoutUsableSize() {
        return with(draft -> draft.usableSize = false);
    }

    /** {@return these promises of an allocator whose refusals need not set errno} */
    public Promises withoutErrno() {
        return with(draft -> draft.errno = false);
    }

    /** {@return these promises, and a free of anything but a live block throws} */
    public Promises withCheckedFrees() {
        return with(draft -> draft.checksFrees = true);
    }

    /**
     * {@return these promises, and large blocks are unmapped by their free}
     *
     * @param bytes the smallest size of such a block
     */
    public Promises withUnmappingFrom(long bytes) {
        return with(draft -> draft.unmapsFrom = bytes);
    }

    /** {@return these promises of an allocator that may keep what was freed} */
    public Promises withoutReturningFootprint() {
        return with(draft -> draft.returnsFootprint = false);
    }

    /** {@return these promises of an allocator for one thread} */
    public Promises withoutThreads() {
        return with(draft -> draft.threads = false);
    }

    /** {@return these promises of an allocator that may refuse modest requests} */
    public Promises withRefusals() {
        return with(draft -> draft.mayRefuse = true);
    }

    /** {@return these promises, and an alignment that is no power of two is refused with EINVAL} */
    public Promises withCheckedAlignments() {
        return with(draft -> draft.checksAlignments = true);
    }

    /** {@return these promises, and a close gives back all memory, with the blocks that are still live} */
    public Promises withReturnAtClose() {
        return with(draft -> draft.returnsAtClose = true);
    }

    private Promises with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.promises();
    }

    /** The same to write on: all twelve are said in their order here alone. */
    private static final class Draft {
        private long alignment;
        private long tinyAlignment;
        private long largestAlignment;
        private boolean usableSize;
        private boolean errno;
        private boolean checksFrees;
        private long unmapsFrom;
        private boolean returnsFootprint;
        private boolean threads;
        private boolean mayRefuse;
        private boolean checksAlignments;
        private boolean returnsAtClose;

        Draft(Promises from) {
            alignment = from.alignment;
            tinyAlignment = from.tinyAlignment;
            largestAlignment = from.largestAlignment;
            usableSize = from.usableSize;
            errno = from.errno;
            checksFrees = from.checksFrees;
            unmapsFrom = from.unmapsFrom;
            returnsFootprint = from.returnsFootprint;
            threads = from.threads;
            mayRefuse = from.mayRefuse;
            checksAlignments = from.checksAlignments;
            returnsAtClose = from.returnsAtClose;
        }

        Promises promises() {
            return new Promises(alignment, tinyAlignment, largestAlignment, usableSize, errno, checksFrees, unmapsFrom,
                    returnsFootprint, threads, mayRefuse, checksAlignments, returnsAtClose);
        }
    }

    /** What of this decides which programs are made. */
    Repertoire repertoire() {
        return new Repertoire(largestAlignment, checksFrees, checksAlignments, threads, returnsAtClose);
    }

    /** The alignment that a block of {@code size} bytes must have. */
    long alignmentOf(long size) {
        return size >= 0 && size < alignment ? tinyAlignment : alignment;
    }

    private static void requirePowerOfTwo(String name, long value) {
        if (Long.bitCount(value) != 1) {
            throw new IllegalArgumentException(name + "=" + value + " is not a power of two");
        }
    }
}
