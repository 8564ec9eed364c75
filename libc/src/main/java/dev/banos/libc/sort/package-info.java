/**
 * Sorting of native memory: by radix with a temporary area ({@link dev.banos.libc.sort.RadixSort},
 * {@link dev.banos.libc.sort.RecordSort}), in place by comparison ({@link dev.banos.libc.sort.Introsort}).
 */
package dev.banos.libc.sort;
