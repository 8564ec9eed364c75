package dev.banos.fuzz;

import dev.banos.fuzz.model.Blocks;
import dev.banos.fuzz.model.Contents;
import dev.banos.fuzz.model.Deviation;
import dev.banos.fuzz.model.Surroundings;
import dev.banos.fuzz.model.TouchedPages;
import dev.banos.fuzz.program.Bytes;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.program.Progress;
import dev.banos.fuzz.threads.FreeRun;
import dev.banos.fuzz.threads.Lockstep;
import dev.banos.fuzz.threads.RaceRun;
import dev.banos.fuzz.threads.Steps;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs programs on an allocator and holds it to the laws. One instance is kept for many runs.
 * <pre>
 *   run ── step ─┬─ allocate ── served ── Blocks.add       overlap, alignment, usable size, zeroes
 *                ├─ reallocate ────────── Blocks.moved     prefix kept; or the block kept when refused
 *                ├─ free ──────────────── Blocks.check     contents; unmapped afterwards
 *                └─ wrong frees                            refused, and nothing else changes
 * </pre>
 */
final class Interpreter implements Steps<Violation> {
    private static final int ENOMEM = 12;
    private static final int EINVAL = 22;
    private static final long MISALIGNED_BYTES = 64;
    private static final int LONGEST_MESSAGE = 2000;
    private static final int MOST_FRAMES = 10;
    private static final Pattern ADDRESS = Pattern.compile("0x[0-9a-fA-F]{5,}|\\b[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\\b");

    /** Memory of the fuzzer's own: an address in it was given by no allocator under test. */
    private static final long FOREIGN = Arena.global().allocate(1 << 16, 1 << 12).address();
    private static final long[] FOREIGN_ADDRESSES = {FOREIGN, FOREIGN + 16, FOREIGN + 8, FOREIGN + 4096, FOREIGN + 1,
        8, 4096, 1L << 46, -16, Long.MIN_VALUE, -1, 1L << 20};

    private final Blocks blocks = new Blocks();
    private final Surroundings surroundings = new Surroundings(blocks);
    private final Coverage coverage;
    private final Progress progress;

    // Set where a run begins.
    @SuppressWarnings("NullAway.Init")
    private Operations program;
    @SuppressWarnings("NullAway.Init")
    private AllocatorUnderTest allocator;
    @SuppressWarnings("NullAway.Init")
    private Promises promises;
    private boolean exact;
    private @Nullable Supplier<AllocatorUnderTest> renewal;
    private final Set<Law> waived = EnumSet.noneOf(Law.class);
    private @Nullable TouchedPages watching;

    Interpreter() {
        this(new Progress(), new Coverage());
    }

    Interpreter(Progress progress, Coverage coverage) {
        this.progress = progress;
        this.coverage = coverage;
    }

    /** Runs the whole program, one operation at a time in program order, each on its thread; null if every law held. */
    @Nullable Violation run(Operations program, AllocatorUnderTest allocator) {
        begin(program, allocator, true, watching == null);
        try {
            Violation violation = program.isThreaded() && promises.threads() ? new Lockstep<>(this).run(program)
                    : range(0, program.length());
            return violation != null ? violation : drain();
        } finally {
            surroundings.release();
        }
    }

    /** Runs each thread's operations at its own pace; only operations on the same slot keep their order. */
    @Nullable Violation runFreely(Operations program, AllocatorUnderTest allocator) {
        if (!allocator.promises().threads()) {
            return run(program, allocator);
        }
        begin(program, allocator, false, true);
        Violation violation = new FreeRun<>(this, program).run();
        int last = program.length() - 1;
        if (violation == null && last >= 0 && program.kind(last) == Operations.CLOSE) {
            violation = tryStep(last); // with what the threads have left live
        }
        return violation != null ? violation : drain();
    }

    /** As below; fewer rounds where they take more than a few seconds. */
    @Nullable Violation race(Operations program, AllocatorUnderTest allocator, int rounds) {
        return race(program, allocator, rounds, RaceRun.LONGEST_NANOS);
    }

    /** Runs the program over and over, its threads at the same time, up to that many rounds or so long; null if every law held. */
    @Nullable Violation race(Operations program, AllocatorUnderTest allocator, int rounds, long nanos) {
        progress.round(0);
        if (!allocator.promises().threads()) {
            Violation violation = run(program, allocator);
            progress.round(violation == null ? rounds : 0); // the others would be the same
            return violation;
        }
        begin(program, allocator, false, false);
        return new RaceRun<>(this, program, progress).run(rounds, nanos);
    }

    /** From now on a break of this law is no violation: the model must be right after one. */
    void waive(Law law) {
        waived.add(law);
    }

    /** What lies around the blocks, and how closely it is looked at. */
    Surroundings surroundings() {
        return surroundings;
    }

    /** How a heap is closed and the next one made; without it, programs close nothing. */
    void renewWith(Supplier<AllocatorUnderTest> renewal) {
        this.renewal = renewal;
    }

    /** From now on the pages of all blocks are entered here; null ends it. */
    void watch(@Nullable TouchedPages pages) {
        watching = pages;
    }

    private void begin(Operations program, AllocatorUnderTest allocator, boolean exact, boolean fencing) {
        this.program = program;
        this.allocator = allocator;
        promises = allocator.promises();
        this.exact = exact;
        blocks.reset(program, exact, progress);
        surroundings.begin(exact, fencing);
        coverage.begin(program);
    }

    /** The operations from {@code from} to {@code to}, on the calling thread. */
    @Override
    public @Nullable Violation range(int from, int to) {
        Violation violation = null;
        for (int i = from; i < to && violation == null; i++) {
            violation = tryStep(i);
        }
        Thread.interrupted(); // an allocator in Java may leave that behind, and the fuzzer's threads wait for each other
        return violation;
    }

    @Override
    public @Nullable Violation tryStep(int index) {
        try {
            progress.calling(index);
            step(index);
            return null;
        } catch (LawBroken broken) {
            return unlessWaived(broken, index);
        } catch (Deviation seen) {
            return unlessWaived(LawBroken.by(seen), index);
        } catch (RuntimeException | Error thrown) {
            return thrown(index, ProgramText.line(program, index), thrown);
        }
    }

    private @Nullable Violation unlessWaived(LawBroken broken, int index) {
        return waived.contains(broken.law) ? null : broken.during(index);
    }

    private void step(int i) {
        int slot = program.slot(i);
        boolean live = blocks.isLive(slot);
        switch (program.kind(i)) {
            case Operations.MALLOC, Operations.CALLOC, Operations.ALIGNED -> {
                if (!live) {
                    allocate(i, slot);
                }
            }
            case Operations.REALLOC -> reallocate(i, slot);
            case Operations.FREE -> {
                if (live) {
                    free(slot);
                }
            }
            case Operations.CHECK -> {
                if (live) {
                    blocks.check(slot);
                }
            }
            default -> stepRarely(i, slot, live);
        }
    }

    private void stepRarely(int i, int slot, boolean live) {
        switch (program.kind(i)) {
            case Operations.FREE_TWICE -> {
                if (live) {
                    long address = blocks.address(slot);
                    free(slot);
                    requireRefused(address, "a second free of b" + slot);
                }
            }
            case Operations.FREE_INSIDE -> {
                long offset = program.size(i);
                if (live && offset > 0 && offset < blocks.size(slot)) {
                    requireRefused(blocks.address(slot) + offset, "a free of b" + slot + " + " + offset);
                    blocks.check(slot);
                }
            }
            case Operations.FREE_FOREIGN -> {
                int choice = (int) Long.remainderUnsigned(program.size(i), FOREIGN_ADDRESSES.length);
                requireRefused(FOREIGN_ADDRESSES[choice], "a free of an address that no allocator gave");
            }
            case Operations.MISALIGNED -> requireMisalignedRefused(program.size(i));
            case Operations.CLOSE -> close();
            default -> {
                // EXIT: the runner of threads has done it
            }
        }
    }

    /** Blocks that are still live go with their heap. */
    private void close() {
        if (renewal != null && promises.returnsAtClose()) {
            blocks.checkAll();
            allocator = renewal.get();
            blocks.forgetAll(promises.unmapsFrom());
        }
    }

    private void requireMisalignedRefused(long alignment) {
        if (promises.checksAlignments()) {
            long address = allocator.alignedAlloc(alignment, MISALIGNED_BYTES);
            if (address != 0 || allocator.errno() != EINVAL) {
                throw new LawBroken(Law.BAD_ALIGNMENT, "a request for the alignment " + Long.toUnsignedString(alignment)
                        + (address != 0 ? " was served" : " was refused, and errno not set to EINVAL (22)"));
            }
        }
    }

    private void allocate(int i, int slot) {
        int log2 = program.log2(i);
        long size = program.size(i);
        surroundings.cushion(switch (program.kind(i)) {
            case Operations.MALLOC -> size;
            case Operations.CALLOC -> size << log2;
            default -> size + (1L << log2);
        });
        switch (program.kind(i)) {
            case Operations.MALLOC -> served(slot, allocator.malloc(size), size, promises.alignmentOf(size), false);
            case Operations.CALLOC -> {
                long count = 1L << log2;
                boolean overflows = Math.unsignedMultiplyHigh(count, size) != 0;
                long total = overflows ? -1 : count * size;
                served(slot, allocator.calloc(count, size), total, promises.alignmentOf(total), true);
            }
            default -> {
                if (promises.largestAlignment() >>> log2 != 0) {
                    served(slot, allocator.alignedAlloc(1L << log2, size), size, 1L << log2, false);
                }
            }
        }
    }

    private void served(int slot, long address, long size, long alignment, boolean zeroed) {
        if (address == 0) {
            refused("b" + slot, size);
            return;
        }
        long usable = requireUsable(slot, address, size, alignment);
        if (zeroed) {
            requireZero(slot, address, size);
        }
        blocks.add(slot, address, size, usable);
    }

    private void reallocate(int i, int slot) {
        long size = program.size(i);
        surroundings.cushion(size);
        if (!blocks.isLive(slot)) {
            served(slot, allocator.realloc(0, size), size, promises.alignmentOf(size), false);
            return;
        }
        long before = blocks.address(slot);
        boolean shrinks = size <= blocks.size(slot); // where it grows, a fence would be in its way
        long address = surroundings.isWatched(slot, before)
                ? surroundings.watched("realloc", slot, before, shrinks, () -> allocator.realloc(before, size))
                : allocator.realloc(before, size);
        if (address == 0 && size == 0) {
            blocks.remove(slot); // C leaves this open; every allocator that answers 0 here has freed the block
        } else if (address == 0) {
            blocks.check(slot, Deviation.Kind.CHANGE_IN_REFUSED_REALLOC);
            refused("b" + slot, size);
        } else {
            long usable = requireUsable(slot, address, size, promises.alignmentOf(size));
            coverage.reallocated(address == before, blocks.size(slot), size);
            blocks.moved(slot, address, size, usable);
        }
    }

    private long requireUsable(int slot, long address, long size, long alignment) {
        if (Long.compareUnsigned(size, Bytes.IMPOSSIBLE) >= 0) {
            throw new LawBroken(Law.IMPOSSIBLE_SIZE, "b" + slot + ": a request of " + Long.toUnsignedString(size)
                    + " bytes was served");
        }
        if ((address & alignment - 1) != 0) {
            throw new LawBroken(Law.ALIGNMENT, "b" + slot + " (" + size + " bytes) must be aligned to " + alignment
                    + " and is not", "b" + slot + " at 0x" + Long.toHexString(address) + ", aligned to "
                    + Long.lowestOneBit(address));
        }
        long usable = promises.usableSize() ? allocator.usableSize(address) : size;
        if (usable < size || usable > size + Bytes.MODEST) {
            throw new LawBroken(Law.USABLE_SIZE, "b" + slot + " of " + size + " bytes has the usable size " + usable);
        }
        if (watching != null) {
            watching.add(address, usable);
        }
        return usable;
    }

    private void requireZero(int slot, long address, long size) {
        progress.touching(slot);
        long wrong = Contents.firstNonZero(address, size);
        if (wrong >= 0) {
            throw new LawBroken(Law.CALLOC_IS_ZERO, "b" + slot + " (" + size + " bytes) is not zero at byte " + wrong
                    + ": found " + blocks.describe(address + wrong, size - wrong), "b" + slot + " at 0x"
                    + Long.toHexString(address) + ", found there: " + Contents.bytesAt(address, wrong, size));
        }
    }

    private void refused(String block, long size) {
        coverage.refused();
        if (size == 0) {
            return; // C allows it, and it is no failure
        }
        if (Long.compareUnsigned(size, Bytes.MODEST) <= 0 && !promises.mayRefuse()) {
            throw new LawBroken(Law.AVAILABILITY, block + ": a request of " + size + " bytes was refused");
        }
        if (promises.errno() && allocator.errno() != ENOMEM) {
            // What errno holds instead is left from some earlier call, and would make equal seeds print different reports.
            throw new LawBroken(Law.ERRNO, block + ": a request of " + Long.toUnsignedString(size)
                    + " bytes was refused, and errno not set to ENOMEM (12)");
        }
    }

    private void free(int slot) {
        blocks.check(slot);
        progress.touching(-1);
        long address = blocks.address(slot);
        long size = blocks.size(slot);
        blocks.remove(slot);
        if (surroundings.isWatched(slot, address)) {
            surroundings.watched("free", slot, address, true, () -> {
                allocator.free(address);
                return 0;
            });
        } else {
            allocator.free(address);
        }
        if (exact && size >= promises.unmapsFrom()) {
            blocks.requireGone(slot, address);
        }
    }

    private void requireRefused(long address, String what) {
        if (!promises.checksFrees() || !exact) {
            return; // where threads run freely, one may meanwhile have been given this very address
        }
        try {
            allocator.free(address);
        } catch (RuntimeException refused) {
            coverage.wrongFree();
            return;
        }
        throw new LawBroken(Law.WRONG_FREE_IS_REFUSED, what + " was accepted in silence");
    }

    @Override
    public void starting(Runnable start) {
        surroundings.started(start);
    }

    /** Checks and frees what is still live. */
    @Override
    public @Nullable Violation drain() {
        progress.calling(program.length());
        try {
            for (int slot = 0; slot < program.slots(); slot++) {
                if (blocks.isLive(slot)) {
                    free(slot);
                }
            }
            return null;
        } catch (LawBroken broken) {
            return broken.during(program.length());
        } catch (Deviation seen) {
            return LawBroken.by(seen).during(program.length());
        } catch (RuntimeException | Error thrown) {
            return thrown(program.length(), "freeing what is still live at the end", thrown);
        } finally {
            Thread.interrupted(); // as after each range
        }
    }

    /** An address in an exception's message is another one in each run, and so may its stack be. */
    static Violation thrown(int operation, String call, Throwable thrown) {
        String whole = thrown.toString();
        String said = whole.substring(0, Math.min(whole.length(), LONGEST_MESSAGE));
        String message = ADDRESS.matcher(said).replaceAll("...");
        return new Violation(Law.NO_EXCEPTION, operation, call + " threw " + message, said + stackOf(thrown));
    }

    /** The lines of the allocator under test: those above the fuzzer's own. */
    private static String stackOf(Throwable thrown) {
        StringBuilder lines = new StringBuilder();
        Arrays.stream(thrown.getStackTrace()).takeWhile(frame -> !frame.getClassName().equals(Interpreter.class.getName()))
                .limit(MOST_FRAMES).forEach(frame -> lines.append("\n    at ").append(frame));
        return lines.toString();
    }
}
