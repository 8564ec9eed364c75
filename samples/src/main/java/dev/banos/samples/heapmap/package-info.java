/** {@code banos heapmap}: where an allocator puts a program's blocks, as a picture. */
package dev.banos.samples.heapmap;
