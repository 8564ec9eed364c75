/** The allocator: {@link dev.banos.mem.Malloc} in C's terms, {@link dev.banos.mem.Heap} and {@link dev.banos.mem.HeapScope} in Java's. */
package dev.banos.mem;
