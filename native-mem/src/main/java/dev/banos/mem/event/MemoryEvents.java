package dev.banos.mem.event;

import dev.banos.mem.text.CallerFrames;
import java.lang.StackWalker.StackFrame;
import java.util.Iterator;
import java.util.function.Function;
import java.util.stream.Stream;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The flight recorder events. Each static method is called by the allocator, outside its locks but for the one that a shared heap
 * holds while it grows or closes; while no recording wants the event it tests one flag and returns.
 * {@code jfr view dev.banos.mem.AllocationSample recording.jfr} shows one as a table.
 *
 * <p>Loading a class of events costs a tenth of a second, so none is touched before there is a flight recorder; and then all of them at
 * once, because the JVM gives up for good what it has no room for in a full Java heap, or at the end of a stack. Nor is there a lambda,
 * of which the same is true. To throw where an event cannot be made would lose more than the event: a block that was made, and that
 * nobody has the address of.
 */
public final class MemoryEvents {
    private MemoryEvents() {
    }

    @Name("dev.banos.mem.AllocationSample")
    @Label("Native Allocation Sample")
    @Description("One allocation that stands for weight bytes of allocations")
    @Category({"Banos", "Memory"})
    static final class AllocationSample extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;
        @Label("Heap")
        @Nullable String heap;
        @Label("Size")
        @Description("What was asked for; of a small block with an alignment, rounded up to a multiple of that")
        @DataAmount
        long size;
        @Label("Weight")
        @Description("The sum over a recording estimates the bytes allocated, without bias")
        @DataAmount
        long weight;
        @Label("Address")
        @MemoryAddress
        long address;
    }

    @Name("dev.banos.mem.FreeSample")
    @Label("Native Free Sample")
    @Description("The free of a block that is tracked")
    @Category({"Banos", "Memory"})
    static final class FreeSample extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;

        @Label("Heap")
        @Nullable String heap;
        @Label("Size")
        @DataAmount
        long size;
        @Label("Weight")
        @DataAmount
        long weight;
        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Lifetime")
        @Timespan
        long lifetime;
    }

    @Name("dev.banos.mem.ArenaCommit")
    @Label("Arena Commit")
    @Description("Arenas became accessible, because no other had room")
    @Category({"Banos", "Memory"})
    static final class ArenaCommit extends Event {
        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Arenas")
        @Description("How many there are now")
        int arenas;
    }

    @Name("dev.banos.mem.Mapping")
    @Label("Direct Mapping")
    @Description("A block that is a mapping of its own was mapped, moved, kept in a cache, taken from it to be used again, or unmapped")
    @Category({"Banos", "Memory"})
    static final class Mapping extends Event {
        @Label("Action")
        @Nullable String action;
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;
        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Size")
        @DataAmount
        long size;
    }

    @Name("dev.banos.mem.Purge")
    @Label("Purge")
    @Description("Memory of free spans went back to the system")
    @Category({"Banos", "Memory"})
    @StackTrace(false)
    static final class Purge extends Event {
        @Label("Size")
        @DataAmount
        long size;
        @Label("Took")
        @Timespan
        long took;
    }

    @Name("dev.banos.mem.InvalidBlock")
    @Label("Invalid Block")
    @Description("An address that is no live block was passed to free, realloc or usableSize, and refused")
    @Category({"Banos", "Memory"})
    static final class InvalidBlock extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;

        @Label("Address")
        @MemoryAddress
        long address;
        @Label("Finding")
        @Nullable String finding;
    }

    @Name("dev.banos.mem.HighWater")
    @Label("High-Water Mark Reached")
    @Description("A heap and its children reached the mark that calls the program back")
    @Category({"Banos", "Memory"})
    static final class HighWater extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;

        @Label("Heap")
        @Nullable String heap;
        @Label("Mark")
        @DataAmount
        long mark;
        @Label("Used")
        @DataAmount
        long used;
    }

    @Name("dev.banos.mem.LimitReached")
    @Label("Limit Reached")
    @Description("An allocation failed in a heap that has a limit, or is below one that has")
    @Category({"Banos", "Memory"})
    static final class LimitReached extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;

        @Label("Heap")
        @Nullable String heap;
        @Label("Asked")
        @DataAmount
        long size;
        @Label("Budget")
        @Description("Limit, use and peak of the heap, and of those above it")
        @Nullable String budget;
    }

    @Name("dev.banos.mem.Corruption")
    @Label("Corrupt Block")
    @Description("A hardened heap found memory written to that is no live block's")
    @Category({"Banos", "Memory"})
    static final class Corruption extends Event {
        @Label("Caller")
        @Description("The first frame outside the allocator")
        @Nullable String caller;

        @Label("Address")
        @Description("The beginning of the damaged block")
        @MemoryAddress
        long address;
        @Label("Offset")
        @Description("Of the first wrong byte from there")
        long offset;
        @Label("Expected")
        byte expected;
        @Label("Found")
        byte found;
        @Label("Slot Size")
        @DataAmount
        long slotBytes;
        @Label("Heap")
        @Nullable String heap;
        @Label("Finding")
        @Nullable String finding;
    }

    /** More than the classes of events take of Java's heap, as they are made. */
    private static final int ROOM_BYTES = 512 * 1024;

    /** Null until there is a flight recorder. */
    private static volatile @Nullable AllocationSample probe;
    private static volatile boolean prepared;

    /** Makes {@link #wantsAllocations} see a recording. Outside the allocator's locks: the first time makes the classes of events. */
    public static void prepare() {
        if (!isPrepared()) {
            prepareSlow();
        }
    }

    private static void prepareSlow() {
        try {
            Room.require(ROOM_BYTES);
            probe = new AllocationSample();
            touch(new FreeSample(), new ArenaCommit(), new Mapping(), new Purge(), new InvalidBlock(), new HighWater(), new LimitReached(),
                    new Corruption());
            prepared = !caller().isEmpty();
        } catch (OutOfMemoryError | StackOverflowError tooLittleLeft) {
            // The next to come makes them.
        } catch (LinkageError lost) {
            prepared = true; // as far as can be
        }
    }

    /** Each is enabled or not, which makes ready what the first of its kind would. */
    private static void touch(Event... events) {
        for (Event event : events) {
            event.begin();
            boolean ignored = event.shouldCommit();
        }
    }

    /** {@return whether {@link #prepare} has nothing to do} Once it has been called, asking can park nobody. */
    public static boolean isPrepared() {
        return prepared || !FlightRecorder.isInitialized();
    }

    /** {@return whether a recording is on that takes {@code AllocationSample}} */
    public static boolean wantsAllocations() {
        AllocationSample made = probe;
        return made != null && made.isEnabled();
    }

    /**
     * One allocation that was sampled.
     *
     * @param heap the name of the heap
     * @param address where the block begins
     * @param size in bytes: what was asked for; of a small block with an alignment, rounded up to a multiple of that
     * @param weight for how many allocated bytes it stands
     */
    public static void allocated(String heap, long address, long size, long weight) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            AllocationSample event = new AllocationSample();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.heap = heap;
                event.address = address;
                event.size = size;
                event.weight = weight;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * A block that was tracked was freed.
     *
     * @param heap the name of the heap
     * @param address where the block began
     * @param size in bytes, as asked for
     * @param weight for how many allocated bytes it stood
     * @param lifetime in nanoseconds
     */
    public static void freed(String heap, long address, long size, long weight, long lifetime) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            FreeSample event = new FreeSample();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.heap = heap;
                event.address = address;
                event.size = size;
                event.weight = weight;
                event.lifetime = lifetime;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * Arenas became accessible.
     *
     * @param address where the first of them begins
     * @param arenas how many there are now, of 1 MiB each
     */
    public static void arenaCommitted(long address, int arenas) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            ArenaCommit event = new ArenaCommit();
            if (event.shouldCommit()) {
                event.address = address;
                event.arenas = arenas;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * A block of its own mapping came, moved or went.
     *
     * @param action what was done to it, in one word
     * @param address where it begins
     * @param size in bytes
     */
    public static void mapping(String action, long address, long size) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            Mapping event = new Mapping();
            if (event.shouldCommit()) {
                event.action = action;
                event.caller = caller();
                event.address = address;
                event.size = size;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * Memory went back to the system.
     *
     * @param bytes how many; nothing is recorded for 0
     * @param nanos how long it took, in nanoseconds
     */
    public static void purged(long bytes, long nanos) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            Purge event = new Purge();
            if (bytes > 0 && event.shouldCommit()) {
                event.size = bytes;
                event.took = nanos;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * A call was refused.
     *
     * @param address what was passed
     * @param finding what lies there, as the exception's message has it
     */
    public static void invalidBlock(long address, String finding) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            InvalidBlock event = new InvalidBlock();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.address = address;
                event.finding = finding;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * A heap reached its mark.
     *
     * @param heap the name of the heap
     * @param mark in bytes
     * @param used what it and its children have from the system, in bytes
     */
    public static void highWater(String heap, long mark, long used) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            HighWater event = new HighWater();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.heap = heap;
                event.mark = mark;
                event.used = used;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * An allocation failed at a limit.
     *
     * @param heap says the name of the heap, when asked
     * @param size what was asked for, in bytes
     * @param budget says in words what the heap has and may have, when asked
     */
    public static void limitReached(Object heap, long size, Object budget) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            LimitReached event = new LimitReached();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.heap = heap.toString();
                event.size = size;
                event.budget = budget.toString();
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /**
     * A hardened heap found damage.
     *
     * @param address where the damaged block begins
     * @param offset of the first wrong byte from there
     * @param expected the byte that the heap had written
     * @param found the byte that is there
     * @param slotBytes the size of the block's slot
     * @param heap the name of the heap
     * @param finding the exception's message
     */
    public static void corruption(long address, long offset, byte expected, byte found, long slotBytes, String heap,
            String finding) {
        if (!FlightRecorder.isInitialized()) {
            return;
        }
        try {
            Corruption event = new Corruption();
            if (event.shouldCommit()) {
                event.caller = caller();
                event.address = address;
                event.offset = offset;
                event.expected = expected;
                event.found = found;
                event.slotBytes = slotBytes;
                event.heap = heap;
                event.finding = finding;
                event.commit();
            }
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            // An event less.
        }
    }

    /** The method that called the allocator, and its line. */
    private static String caller() {
        return StackWalker.getInstance().walk(new Caller());
    }

    private static final class Caller implements Function<Stream<StackFrame>, String> {
        @Override
        public String apply(Stream<StackFrame> frames) {
            Iterator<StackFrame> innermostFirst = frames.iterator();
            while (innermostFirst.hasNext()) {
                StackFrame frame = innermostFirst.next();
                if (!CallerFrames.isInside(frame.getClassName())) {
                    return frame.getClassName() + "." + frame.getMethodName() + ":" + frame.getLineNumber();
                }
            }
            return "(native)";
        }
    }
}
