package dev.banos.samples.heapmap;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.Native;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Trace;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Makes the calls of a trace, writes a byte to each page of each block, and stops now and then to look around. */
final class Recorder {
    private static final int FRAMES = 160;
    /** Doublings from 16 bytes on; the last takes all that is larger. */
    private static final int SIZES = 20;
    private static final int LOG_SMALLEST = 4;

    private final AllocatorUnderTest allocator;
    private final Trace trace;
    private final long[] blocks;
    private final long[] sizes;
    private final Map<Long, BitSet> everUsed = new LinkedHashMap<>();
    private final Map<Integer, String> lastText = new HashMap<>();
    private final List<Recording.Frame> frames = new ArrayList<>();

    Recorder(AllocatorUnderTest allocator, Trace trace) {
        this.allocator = allocator;
        this.trace = trace;
        this.blocks = new long[trace.slots()];
        this.sizes = new long[trace.slots()];
    }

    /** @throws IllegalStateException where the allocator refuses a call of the trace */
    Recording record() {
        int done = 0;
        for (int frame = 1; frame <= FRAMES; frame++) {
            int next = (int) ((long) trace.operations() * frame / FRAMES);
            while (done < next) {
                call(done++);
            }
            frames.add(lookAround(done));
        }
        freeRest();
        frames.add(lookAround(trace.operations()));
        return new Recording(trace.operations(), List.copyOf(everUsed.keySet()), frames);
    }

    private void call(int i) {
        int slot = trace.slot(i);
        long size = trace.size(i);
        switch (trace.kind(i)) {
            case Trace.FREE -> {
                allocator.free(blocks[slot]);
                blocks[slot] = 0;
            }
            case Trace.MALLOC -> hold(i, slot, allocator.malloc(size), size);
            case Trace.CALLOC -> hold(i, slot, allocator.calloc(1, size), size);
            // Size 0 would free the block on some allocators and not on others.
            case Trace.REALLOC -> hold(i, slot, allocator.realloc(blocks[slot], Math.max(size, 1)), size);
            default -> hold(i, slot, allocator.alignedAlloc(trace.alignment(i), size), size);
        }
    }

    private void hold(int i, int slot, long block, long size) {
        if (block == 0) {
            throw new IllegalStateException("operation " + i + " of the trace: " + size + " bytes were refused with errno "
                    + allocator.errno());
        }
        blocks[slot] = block;
        sizes[slot] = size;
        markUsed(block, size);
        for (long at = 0; at < size; at += Pages.PAGE_BYTES) {
            Native.EVERYTHING.set(JAVA_BYTE, block + at, (byte) i);
        }
    }

    private void markUsed(long block, long size) {
        long end = block + Math.max(size, 1);
        for (long at = block & -Pages.PAGE_BYTES; at < end; at += Pages.PAGE_BYTES) {
            everUsed.computeIfAbsent(at & -Pages.REGION_BYTES, first -> new BitSet(Pages.COUNT))
                    .set((int) (at % Pages.REGION_BYTES / Pages.PAGE_BYTES));
        }
    }

    private void freeRest() {
        for (int slot = 0; slot < blocks.length; slot++) {
            if (blocks[slot] != 0) {
                allocator.free(blocks[slot]);
                blocks[slot] = 0;
            }
        }
    }

    private Recording.Frame lookAround(int operation) {
        Map<Long, Pages> regions = new LinkedHashMap<>();
        everUsed.forEach((region, used) -> regions.put(region, new Pages(region, used)));
        long[] count = new long[SIZES];
        long[] bytes = new long[SIZES];
        long live = 0;
        for (int slot = 0; slot < blocks.length; slot++) {
            if (blocks[slot] != 0) {
                add(regions, blocks[slot], sizes[slot]);
                int size = doubling(sizes[slot]);
                count[size]++;
                bytes[size] += sizes[slot];
                live += sizes[slot];
            }
        }
        long resident = regions.values().stream().mapToLong(Pages::lookAtResidency).sum();
        return new Recording.Frame(operation, live, resident, count, bytes, changes(regions));
    }

    private static void add(Map<Long, Pages> regions, long block, long size) {
        long last = (block + Math.max(size, 1) - 1) & -Pages.REGION_BYTES;
        for (long region = block & -Pages.REGION_BYTES; region <= last; region += Pages.REGION_BYTES) {
            Objects.requireNonNull(regions.get(region), "a region is known once a block is in it").add(block, size);
        }
    }

    private List<Recording.Change> changes(Map<Long, Pages> regions) {
        List<Recording.Change> changes = new ArrayList<>();
        int index = 0;
        for (Pages pages : regions.values()) {
            String text = pages.text();
            if (!text.equals(lastText.put(index, text))) {
                changes.add(new Recording.Change(index, text));
            }
            index++;
        }
        return changes;
    }

    /** 0 up to 16 bytes, 1 up to 32, and so on. */
    static int doubling(long size) {
        int log = Long.SIZE - Long.numberOfLeadingZeros(Math.max(size, 1) - 1);
        return Math.clamp(log - LOG_SMALLEST, 0, SIZES - 1);
    }
}
