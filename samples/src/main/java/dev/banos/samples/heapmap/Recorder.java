package dev.banos.samples.heapmap;

import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Trace;
import dev.banos.samples.replay.Replayer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Makes the calls of a trace as {@code banos replay} does, and stops now and then to look around. */
final class Recorder {
    private static final int FRAMES = 160;
    /** Doublings from 16 bytes on; the last takes all that is larger. */
    private static final int SIZES = 20;
    private static final int LOG_SMALLEST = 4;

    private final Replayer calls;
    private final Trace trace;
    private final long[] sizes;
    private final Map<Long, BitSet> everUsed = new LinkedHashMap<>();
    private final Map<Integer, String> lastText = new HashMap<>();
    private final List<Recording.Frame> frames = new ArrayList<>();

    Recorder(AllocatorUnderTest allocator, Trace trace) {
        this.calls = new Replayer(allocator, trace);
        this.trace = trace;
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
        calls.freeRest();
        frames.add(lookAround(trace.operations()));
        return new Recording(trace.operations(), List.copyOf(everUsed.keySet()), frames);
    }

    private void call(int i) {
        calls.call(i);
        int slot = trace.slot(i);
        if (trace.kind(i) != Trace.FREE) {
            sizes[slot] = trace.size(i);
            markUsed(calls.block(slot), sizes[slot]);
        }
    }

    private void markUsed(long block, long size) {
        long end = block + Math.max(size, 1);
        for (long at = block & -Pages.PAGE_BYTES; at < end; at += Pages.PAGE_BYTES) {
            everUsed.computeIfAbsent(at & -Pages.REGION_BYTES, first -> new BitSet(Pages.COUNT))
                    .set((int) (at % Pages.REGION_BYTES / Pages.PAGE_BYTES));
        }
    }

    private Recording.Frame lookAround(int operation) {
        Map<Long, Pages> regions = new LinkedHashMap<>();
        everUsed.forEach((region, used) -> regions.put(region, new Pages(region, used)));
        long[] count = new long[SIZES];
        long[] bytes = new long[SIZES];
        long live = 0;
        for (int slot = 0; slot < sizes.length; slot++) {
            if (calls.block(slot) != 0) {
                add(regions, calls.block(slot), sizes[slot]);
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
