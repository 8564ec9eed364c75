package dev.banos.samples.replay;

import dev.banos.fuzz.Trace;

/**
 * What a trace asks for, whatever the allocator.
 *
 * @param peakBytes the most bytes that are live at once, by the sizes asked for
 * @param peakAt    the operation after which they are
 */
record TraceFigures(long peakBytes, int peakAt) {

    static TraceFigures of(Trace trace) {
        long[] sizes = new long[trace.slots()];
        long live = 0;
        long peak = 0;
        int peakAt = 0;
        for (int i = 0; i < trace.operations(); i++) {
            int slot = trace.slot(i);
            live += trace.size(i) - sizes[slot]; // a free has size 0
            sizes[slot] = trace.size(i);
            if (live > peak) {
                peak = live;
                peakAt = i;
            }
        }
        return new TraceFigures(peak, peakAt);
    }
}
