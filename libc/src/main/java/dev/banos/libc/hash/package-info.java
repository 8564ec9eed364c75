/**
 * Hash sets and maps in native memory, for one thread at a time.
 *
 * <p>{@link dev.banos.libc.hash.LongHashSet} and {@link dev.banos.libc.hash.LongHashMap} are for keys of type {@code long}.
 * {@link dev.banos.libc.hash.HashSet} and {@link dev.banos.libc.hash.HashMap} take other keys, by a strategy
 * ({@link dev.banos.libc.hash.Keys}: numbers, bytes, C strings, or your own). All share one engine,
 * {@link dev.banos.libc.hash.HashTable}, which has the picture. No call allocates on the Java heap.
 *
 * <p>An element is known by its address, which is valid until the next insertion, reserve or shrink; 0 stands for none.
 */
package dev.banos.libc.hash;
