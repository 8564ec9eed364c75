package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.testing.OtherThread;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random programs against a model: a map from the address of each live block to its size and content. */
class MallocModelPropertiesTest {
    private record Block(long size, long seed) {
    }

    private static final int STRIDE = 7;

    private final TreeMap<Long, Block> live = new TreeMap<>();

    @Property(tries = 60)
    void ofTheThreadsOwnHeap(@ForAll long seed) {
        run(Heap.current(), seed);
        Malloc.trim();
    }

    @Property(tries = 40)
    void ofAConfinedHeap(@ForAll long seed) {
        try (Heap heap = Heap.create()) {
            run(heap, seed);
        }
    }

    @Property(tries = 20)
    void ofAHeapThatKeepsMappingsAndHasALimit(@ForAll long seed) {
        try (Heap heap = Heap.create(HeapOptions.confined().mappingCache(1 << 20).limit(1 << 30))) {
            run(heap, seed);
            assertThat(heap.budget().usedBytes()).isEqualTo(heap.statistics().reservedBytes() + heap.statistics().cachedBytes());
        }
    }

    @Property(tries = 40)
    void ofASharedHeap(@ForAll long seed) {
        try (Heap heap = Heap.createShared()) {
            run(heap, seed);
        }
    }

    @Property(tries = 40)
    void ofAHardenedHeap(@ForAll long seed) {
        Hardening hardening = Hardening.ALL.withSample(50);
        try (Heap heap = Heap.create(HeapOptions.shared().hardened(seed % 2 == 0 ? hardening.withQuarantine(0) : hardening))) {
            run(heap, seed);
        }
    }

    @Property(tries = 20)
    void ofVirtualThreads(@ForAll long seed) throws InterruptedException {
        OtherThread.start(Thread.ofVirtual(), () -> run(Heap.current(), seed)).join();
    }

    private void run(Heap heap, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        live.clear();
        int target = 1 << random.nextInt(10);
        for (int step = 0; step < 2000; step++) {
            step(heap, random, target);
            if (step % 500 == 499) {
                heap.trim();
            }
        }
        while (!live.isEmpty()) {
            free(heap, live.firstKey());
        }
        heap.trim();
    }

    private void step(Heap heap, SplittableRandom random, int target) {
        int dice = random.nextInt(100);
        if (live.size() < 2 || (dice < 45 && live.size() < target)) {
            allocate(heap, random);
        } else if (dice < 80) {
            free(heap, any(random));
        } else if (dice < 95) {
            resize(heap, random);
        } else {
            freeWrongly(heap, random);
        }
    }

    private void allocate(Heap heap, SplittableRandom random) {
        long size = size(random);
        long alignment = 1L << random.nextInt(3, 18);
        long block = switch (random.nextInt(4)) {
            case 0 -> zeroed(heap.calloc(1, size), size);
            case 1 -> heap.alignedAlloc(alignment, size);
            default -> heap.malloc(size);
        };
        add(heap, block, size, random.nextLong());
    }

    private static long zeroed(long address, long size) {
        MemorySegment block = Native.segment(address, size);
        for (long i = 0; i < size; i++) {
            if (block.get(ValueLayout.JAVA_BYTE, i) != 0) {
                throw new AssertionError("byte " + i + " of a calloc of " + size + " is not zero");
            }
        }
        return address;
    }

    private void add(Heap heap, long address, long size, long seed) {
        assertThat(address).isNotZero();
        assertThat(address % 16).isZero();
        long usable = heap.usableSize(address);
        assertThat(usable).isGreaterThanOrEqualTo(size);
        Map.Entry<Long, Block> before = live.floorEntry(address);
        Long after = live.ceilingKey(address);
        assertThat(before == null || before.getKey() + before.getValue().size() <= address).as("overlap").isTrue();
        assertThat(after == null || address + usable <= after).as("overlap").isTrue();
        live.put(address, new Block(size, seed));
        write(address, size, seed);
    }

    private void free(Heap heap, long address) {
        check(address, live.get(address));
        live.remove(address);
        heap.free(address);
        assertThatThrownBy(() -> heap.free(address)).isInstanceOf(InvalidBlockException.class);
    }

    private void resize(Heap heap, SplittableRandom random) {
        long address = any(random);
        Block block = live.get(address);
        long size = Math.max(1, size(random));
        check(address, block);
        long moved = heap.realloc(address, size);
        live.remove(address);
        check(moved, new Block(Math.min(size, block.size()), block.seed()));
        add(heap, moved, size, random.nextLong());
    }

    private void freeWrongly(Heap heap, SplittableRandom random) {
        long address = any(random);
        long wrong = address + 1 + random.nextLong(Math.max(1, live.get(address).size() - 1));
        if (!live.containsKey(wrong)) {
            assertThatThrownBy(() -> heap.free(wrong)).isInstanceOf(InvalidBlockException.class);
        }
    }

    private long any(SplittableRandom random) {
        Long address = live.ceilingKey(live.firstKey() + random.nextLong(live.lastKey() - live.firstKey() + 1));
        return address != null ? address : live.lastKey();
    }

    private static long size(SplittableRandom random) {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong(300_000);
            case 1 -> SizeClasses.slotBytes(random.nextInt(SizeClasses.COUNT)) + random.nextLong(-1, 2);
            case 2 -> random.nextLong(40_000);
            default -> random.nextLong(1, 1100);
        };
    }

    /** Every seventh byte: enough to see an overlap of blocks, which are aligned to 16. */
    private static void write(long address, long size, long seed) {
        MemorySegment block = Native.segment(address, size);
        for (long i = 0; i < size; i += STRIDE) {
            block.set(ValueLayout.JAVA_BYTE, i, (byte) (seed + i));
        }
    }

    private static void check(long address, Block block) {
        MemorySegment content = Native.segment(address, block.size());
        for (long i = 0; i < block.size(); i += STRIDE) {
            if (content.get(ValueLayout.JAVA_BYTE, i) != (byte) (block.seed() + i)) {
                throw new AssertionError("byte " + i + " of " + block.size() + " at 0x" + Long.toHexString(address));
            }
        }
    }
}
