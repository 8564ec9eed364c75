/** Blocks of hardened heaps: what is known of each, what is written beside and over them, and how they go when they are freed. */
package dev.banos.mem.hardened;
