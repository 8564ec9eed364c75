/** Arrow's buffers on Banos's allocator: {@link dev.banos.adapter.arrow.BanosAllocationManager}. */
package dev.banos.adapter.arrow;
