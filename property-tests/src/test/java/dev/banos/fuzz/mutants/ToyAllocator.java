package dev.banos.fuzz.mutants;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Promises;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A small correct allocator into which one fault can be put. Size classes with free lists, chunks a thread, headers and free
 * lists in tables beside the blocks, so that a fault shows as a broken law and does not end the process.
 * <pre>
 *  region   | chunk of thread 1 | chunk of thread 2 | large block | ...      bump allocated
 *  chunk    | block | block | ...                                            bump allocated, then free lists by class
 *  mapping  | block                                                          of 64 KiB or more; unmapped by its free
 * </pre>
 */
public class ToyAllocator implements AllocatorUnderTest {
    private static final int ENOMEM = 12;
    private static final int EINVAL = 22;
    private static final long REGION = 8L << 30;
    private static final long CHUNK = 256 << 10;
    private static final long LARGE = 32 << 10;
    private static final long MAPPED = 64 << 10;
    private static final long PAGE = 4096;
    private static final long GRANULE = 16;
    private static final long LARGEST = 1L << 30;
    private static final long POISON = 0x5a5a_5a5a_5a5a_5a5aL;
    private static final MemorySegment MEMORY = Native.EVERYTHING;

    private final Fault fault;
    /** The regions of which a close forgot the beginning. */
    private static final Queue<Long> FORGOTTEN = new ConcurrentLinkedQueue<>();
    private static final long FORGOTTEN_BYTES = 16 * CHUNK;

    private final MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
    private final long region;
    private long bump;
    private final ThreadLocal<Integer> errno = ThreadLocal.withInitial(() -> 0);
    private int frees;

    private final Map<Long, Block> live = new HashMap<>();
    private final Map<Long, ArrayDeque<Long>> freeLists = new HashMap<>();
    private final Map<Thread, Chunk> chunks = new IdentityHashMap<>();

    private record Block(long base, long room, long size, Thread owner) {
    }

    private static final class Chunk {
        private long next;
        private long end;
    }

    public ToyAllocator(Fault fault) {
        this.fault = fault;
        region = SystemCalls.mmap(state, 0, REGION, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE(), -1, 0);
        if (SystemCalls.isError(region)) {
            throw new IllegalStateException("region of " + REGION + " bytes: error " + -region);
        }
        bump = region;
    }

    private boolean has(Fault other) {
        return fault == other;
    }

    @Override
    public Promises promises() {
        return Promises.ofC().withAlignment(GRANULE).withCheckedFrees().withCheckedAlignments()
                .withUnmappingFrom(MAPPED).withReturnAtClose();
    }

    @Override
    public synchronized long malloc(long size) {
        if (has(Fault.REFUSES_AFTER_MANY_FREES) && frees > 2) {
            return refuse();
        }
        long address = allocate(size, false);
        if (has(Fault.MALLOC_CLEARS_ITS_NEIGHBOUR) && address != 0 && size > 0 && size % 96 == 0) {
            MEMORY.set(JAVA_LONG_UNALIGNED, address + live.get(address).room, 0);
        }
        return address;
    }

    private long allocate(long size, boolean wraps) {
        if (!wraps && isTooLarge(size)) {
            return refuse();
        }
        long room = room(size);
        long base = take(room);
        live.put(base, new Block(base, room, size, Thread.currentThread()));
        return base;
    }

    private boolean isTooLarge(long size) {
        if (has(Fault.MALLOC_SIZE_WRAPS)) {
            return Long.compareUnsigned(size + GRANULE, LARGEST) > 0;
        }
        return Long.compareUnsigned(size, LARGEST) > 0;
    }

    private long refuse() {
        if (!has(Fault.ERRNO_NOT_SET)) {
            errno.set(ENOMEM);
        }
        return 0;
    }

    private long room(long size) {
        if (size == 0 && has(Fault.ZERO_SIZE_TAKES_NO_ROOM)) {
            return 0;
        }
        long granule = has(Fault.GRANULE_OF_8) ? 8 : GRANULE;
        long bytes = Math.max(granule, size + granule - 1 & -granule);
        if (has(Fault.ROUNDS_DOWN_AT_ONE_CLASS) && size > 640 && size < 656 || has(Fault.PAGE_SIZE_MISSED_BY_ONE) && size == 4097) {
            bytes -= granule;
        }
        return bytes <= 1024 || fault == Fault.PAGE_SIZE_MISSED_BY_ONE && size == 4097 ? bytes
                : Math.max(2048, Long.highestOneBit(bytes - 1) << 1);
    }

    private long take(long room) {
        if (room >= MAPPED) {
            return map(room);
        }
        ArrayDeque<Long> list = freeLists.get(room);
        if (list != null && !list.isEmpty()) {
            return has(Fault.FREE_LIST_KEEPS_ITS_HEAD) && list.size() > 1 ? list.peek() : list.pop();
        }
        return room >= LARGE ? fromRegion(room) : fromChunk(room);
    }

    /** With a page to spare: a fault that writes past the end shall show as a broken law, too. */
    private long map(long bytes) {
        long address = SystemCalls.mmap(state, 0, bytes + PAGE, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS(), -1, 0);
        if (SystemCalls.isError(address)) {
            throw new IllegalStateException("mapping of " + bytes + " bytes: error " + -address);
        }
        return address;
    }

    private void unmap(long base, long bytes) {
        long whole = has(Fault.FREED_MAPPING_STAYS) ? 0 : has(Fault.FREED_MAPPING_LEAVES_A_PAGE) ? bytes - PAGE : bytes + PAGE;
        if (whole > 0) {
            SystemCalls.munmap(state, base, whole);
        }
    }

    private long fromRegion(long room) {
        bump += room;
        return bump - room;
    }

    private long fromChunk(long room) {
        Chunk chunk = chunks.computeIfAbsent(Thread.currentThread(), thread -> adoptOrMake());
        if (chunk.next + room > chunk.end) {
            chunk.next = fromRegion(CHUNK);
            chunk.end = chunk.next + CHUNK;
        }
        chunk.next += room;
        return chunk.next - room;
    }

    private Chunk adoptOrMake() {
        for (Thread owner : chunks.keySet()) {
            if (!owner.isAlive()) {
                return chunks.remove(owner);
            }
        }
        return new Chunk();
    }

    @Override
    public synchronized long calloc(long count, long size) {
        boolean overflows = Math.unsignedMultiplyHigh(count, size) != 0;
        if (overflows && !has(Fault.CALLOC_PRODUCT_WRAPS)) {
            return refuse();
        }
        long bytes = count * size;
        long address = allocate(bytes, overflows && Long.compareUnsigned(bytes, LARGEST) < 0);
        if (address != 0 && !(has(Fault.CALLOC_TRUSTS_RECYCLED_MEMORY) && bytes >= 64)) {
            long cleared = has(Fault.CALLOC_ZEROES_WHOLE_WORDS_ONLY) ? bytes & -8 : bytes;
            MEMORY.asSlice(address, cleared).fill((byte) 0);
        }
        return address;
    }

    @Override
    public synchronized long alignedAlloc(long alignment, long size) {
        if (Long.bitCount(alignment) != 1) {
            return refuseAlignment(size);
        }
        if (isTooLarge(size) && !(has(Fault.ALIGNED_SIZE_WRAPS) && size + alignment >= 0 && size + alignment < LARGEST)) {
            return refuse();
        }
        boolean forgotten = has(Fault.ALIGNMENT_FORGOTTEN_ABOVE_4_KIB) && alignment > 4096
                || has(Fault.ALIGNMENT_FORGOTTEN_FOR_TINY_SIZES) && size < 16;
        if (alignment <= GRANULE || forgotten) {
            return allocate(size, false);
        }
        long base = allocate(size + alignment, true);
        Block whole = live.remove(base);
        long address = base + alignment - 1 & -alignment;
        live.put(address, new Block(base, whole.room, size, whole.owner));
        return address;
    }

    private long refuseAlignment(long size) {
        if (has(Fault.BAD_ALIGNMENT_SERVED)) {
            return allocate(size, false);
        }
        errno.set(has(Fault.BAD_ALIGNMENT_SETS_ENOMEM) ? ENOMEM : EINVAL);
        return 0;
    }

    @Override
    public synchronized long realloc(long address, long size) {
        if (address == 0) {
            if (has(Fault.REALLOC_OF_NULL_THROWS)) {
                throw new IllegalArgumentException("address=0");
            }
            return malloc(size);
        }
        Block block = live.get(address);
        if (isTooLarge(size)) {
            if (has(Fault.FAILED_REALLOC_FREES)) {
                free(address);
            }
            return refuse();
        }
        long end = block.base + block.room;
        boolean fits = address + size <= end && size * 2 >= block.room || size > 0 && room(size) == block.room && address == block.base;
        boolean steals = has(Fault.GROWS_IN_PLACE_OVER_ITS_NEIGHBOUR) && size > block.size && size < block.size + 64;
        if (fits || steals) {
            long room = steals && !fits ? size + GRANULE - 1 & -GRANULE : block.room;
            live.put(address, new Block(block.base, room, size, block.owner));
            return address;
        }
        return move(address, block, size);
    }

    private long move(long address, Block block, long size) {
        if (has(Fault.LOSES_HEADER_ON_SHRINK) && size > 0 && size < block.size && address == block.base && block.room < MAPPED) {
            long kept = size + GRANULE - 1 & -GRANULE;
            live.put(address, new Block(block.base, kept, size, block.owner));
            push(address + kept, block.room); // the rest goes to the list of the whole
            return address;
        }
        long moved = allocate(size, false);
        long bytes = Math.min(block.size, size);
        if (has(Fault.REALLOC_COPIES_TOO_LITTLE)) {
            bytes = Math.max(0, bytes - 1);
        } else if (has(Fault.REALLOC_COPIES_4_KIB_AT_MOST)) {
            bytes = Math.min(bytes, 4096);
        } else if (has(Fault.SHRINK_MOVES_WITHOUT_COPYING) && size < block.size) {
            bytes = 0;
        } else if (has(Fault.GROWING_TO_A_MAPPING_COPIES_TOO_LITTLE) && block.room < MAPPED && room(size) >= MAPPED) {
            bytes &= -PAGE;
        }
        long from = has(Fault.REALLOC_OF_ALIGNED_COPIES_FROM_ITS_BASE) ? block.base : address;
        MemorySegment.copy(MEMORY, from, MEMORY, moved, bytes);
        boolean leaks = has(Fault.SHRINKING_FROM_A_MAPPING_LEAKS_IT) && block.room >= MAPPED && room(size) < MAPPED;
        if (leaks) {
            live.remove(address);
        } else if (!has(Fault.REALLOC_FORGETS_OLD_BLOCK)) {
            free(address);
        }
        return moved;
    }

    @Override
    public synchronized void free(long address) {
        if (address == 0) {
            return;
        }
        Block block = live.remove(address);
        if (block == null) {
            refuseFree(address);
            return;
        }
        frees++;
        if (block.room >= MAPPED && !has(Fault.FREE_DOES_NOTHING)) {
            unmap(block.base, block.room);
            return;
        }
        boolean lost = has(Fault.FREE_DOES_NOTHING) || has(Fault.LARGE_BLOCKS_NEVER_REUSED) && block.room >= LARGE
                || has(Fault.REMOTE_FREE_LOST) && block.owner != Thread.currentThread()
                || has(Fault.BLOCKS_OF_ENDED_THREADS_LOST) && !block.owner.isAlive();
        if (lost || block.room == 0) {
            return;
        }
        if (has(Fault.FREE_POISONS_TOO_FAR)) {
            MEMORY.asSlice(block.base, block.room + 8).fill((byte) 0x5a);
        }
        push(has(Fault.ALIGNED_BLOCK_FREED_AS_IF_WHOLE) ? address : block.base, block.room);
    }

    private void refuseFree(long address) {
        boolean inRegion = address >= region && address < bump;
        boolean accepted = has(Fault.DOUBLE_FREE_ACCEPTED) && inRegion && address % GRANULE == 0
                || has(Fault.FOREIGN_FREE_IGNORED) && !inRegion
                || has(Fault.INTERIOR_FREE_ACCEPTED) && live.containsKey(address & -64);
        if (!accepted) {
            throw new IllegalArgumentException("address=" + Long.toHexString(address) + " is no live block");
        }
    }

    private void push(long base, long room) {
        MEMORY.set(JAVA_LONG_UNALIGNED, base, POISON); // where a list's link would stand
        freeLists.computeIfAbsent(room, none -> new ArrayDeque<>()).push(base);
    }

    @Override
    public synchronized long usableSize(long address) {
        Block block = live.get(address);
        long usable = block.base + block.room - address;
        if (has(Fault.USABLE_SIZE_ONE_TOO_SMALL) && block.size > 100) {
            return block.size - 1;
        }
        return has(Fault.USABLE_SIZE_ONE_GRANULE_TOO_LARGE) ? usable + GRANULE : usable;
    }

    @Override
    public int errno() {
        return errno.get();
    }

    @Override
    public void close() {
        if (!has(Fault.CLOSE_FORGETS_LIVE_MAPPINGS)) {
            live.values().stream().filter(block -> block.room >= MAPPED).forEach(block -> unmap(block.base, block.room));
        }
        long forgotten = has(Fault.CLOSE_FORGETS_ITS_CHUNKS) ? FORGOTTEN_BYTES : 0;
        SystemCalls.munmap(state, region + forgotten, REGION - forgotten);
        if (forgotten > 0) {
            FORGOTTEN.add(region);
        }
    }

    /** Between campaigns: one of them forgets thousands of regions, and a process may have 65,530 mappings. */
    public static void takeBackForgotten() {
        MemorySegment state = Arena.ofAuto().allocate(SystemCalls.STATE);
        for (Long region = FORGOTTEN.poll(); region != null; region = FORGOTTEN.poll()) {
            SystemCalls.munmap(state, region, FORGOTTEN_BYTES);
        }
    }
}
