/** Blocks that are mappings of their own: which there are, how they are made, and what is kept of them for reuse. */
package dev.banos.mem.mappings;
