/**
 * What the allocator tells of itself: leaks, profiles, figures.
 *
 * <table>
 * <caption>Where to look</caption>
 * <tr><th>question</th><th>answer</th></tr>
 * <tr><td>what leaks?</td><td>{@link dev.banos.mem.insight.LeakTracking}: {@code -Dbanos.mem.leaks=sampled} or {@code full}, with
 *     a report at exit or by {@link dev.banos.mem.insight.LeakTracking#report}; for one heap, {@code HeapOptions.leaks} and
 *     {@code Heap.leakReport()}</td></tr>
 * <tr><td>who holds the memory?</td><td>{@link dev.banos.mem.insight.LeakReport#toFoldedStacks} for a flame graph,
 *     {@link dev.banos.mem.insight.LeakReport#writePprof} for pprof</td></tr>
 * <tr><td>who allocates, what is mapped, purged, refused?</td><td>a flight recording: events {@code dev.banos.mem.*}</td></tr>
 * <tr><td>how much is held now?</td><td>{@link dev.banos.mem.insight.Footprint}, and after
 *     {@code dev.banos.mem.MemoryInsight.register()} a management bean and a periodic event</td></tr>
 * </table>
 *
 * <p>While nothing is recorded or tracked, malloc pays two reads of a flag in each 64 calls or so, and free pays nothing.
 */
package dev.banos.mem.insight;
