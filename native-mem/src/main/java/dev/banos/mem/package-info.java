/**
 * The allocator: {@link dev.banos.mem.Malloc} in C's terms, {@link dev.banos.mem.Heap} and {@link dev.banos.mem.HeapScope} in Java's.
 *
 * <table>
 * <caption>Where to begin</caption>
 * <tr><th>you want</th><th>use</th></tr>
 * <tr><td>to free each block by itself</td><td>{@link dev.banos.mem.Malloc}</td></tr>
 * <tr><td>a limit, figures, or everything freed at once</td><td>{@link dev.banos.mem.Heap}</td></tr>
 * <tr><td>a {@link java.lang.foreign.Arena}</td><td>{@link dev.banos.mem.HeapScope}; {@link dev.banos.mem.ScopeGroup} for many shared
 *     ones</td></tr>
 * <tr><td>an allocator for a C library</td><td>{@link dev.banos.mem.MallocPointers}</td></tr>
 * <tr><td>to see what is held</td><td>{@link dev.banos.mem.MemoryInsight}, {@link dev.banos.mem.insight}</td></tr>
 * </table>
 */
package dev.banos.mem;
