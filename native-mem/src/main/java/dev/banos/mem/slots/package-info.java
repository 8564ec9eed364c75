/**
 * Blocks that are slots of a run: pools of them, whose they are, and where their memory comes from and goes back to.
 *
 * <pre>
 *   whose pool      ThreadPools   a platform thread's; RecentBins finds its bin in one look
 *                   SharedPools   those of all virtual threads, each with a Lease
 *                   HeapPools     those of a heap for all threads
 *                   Domain        whose blocks may be freed through which door; Access: by which threads, and how
 *   a pool          SlotPool      a Bin for each of the SizeClasses, its RunList, its Sampler; TrackedPool: for blocks that are remembered
 *   a run           Run           spans cut into slots; RunTable: from an address to its run; Hazards: for frees by other threads
 *   its memory      Spans         the blocks' own; Bitmaps: which slots are free, far from the blocks
 *   back again      Purger        what nobody has used for a while; FreePages: pages inside runs that are partly in use
 * </pre>
 */
package dev.banos.mem.slots;
