/**
 * Hash sets and maps in native memory, for one thread at a time.
 *
 * <p>{@link dev.banos.libc.hash.HashTable} is the one engine, with the picture. {@link dev.banos.libc.hash.HashSet} is it with a
 * strategy for the keys ({@link dev.banos.libc.hash.Keys}: numbers, bytes, C strings, or your own);
 * {@link dev.banos.libc.hash.HashMap} is a set of entries hashed by their keys. {@link dev.banos.libc.hash.LongHashSet} and
 * {@link dev.banos.libc.hash.LongHashMap} are the engine with the strategy compiled in. No call allocates on the Java heap.
 *
 * <p>Elements are known by their addresses: 0 is none, and an address holds until the next insertion, reserve or shrink.
 */
package dev.banos.libc.hash;
