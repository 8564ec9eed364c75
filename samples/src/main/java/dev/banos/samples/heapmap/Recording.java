package dev.banos.samples.heapmap;

import java.util.List;

/**
 * A trace's run on an allocator, as a film.
 *
 * @param regions the addresses of all 1 MiB regions that ever held a block, in the order in which they were first used
 */
record Recording(int operations, List<Long> regions, List<Frame> frames) {
    /**
     * One moment.
     *
     * @param operation how many operations have been made
     * @param liveBytes as asked for
     * @param residentBytes pages in memory that held a block at some time
     * @param blocksBySize how many live blocks there are, by the doubling that their size falls into: {@link Recorder#doubling}
     * @param bytesBySize their bytes, as asked for
     * @param pages what has changed since the frame before: region index, then its pages (see {@link Pages})
     */
    record Frame(int operation, long liveBytes, long residentBytes, long[] blocksBySize, long[] bytesBySize,
            List<Change> pages) {
    }

    record Change(int region, String pages) {
    }
}
