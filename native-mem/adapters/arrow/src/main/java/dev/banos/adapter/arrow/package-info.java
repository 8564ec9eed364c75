/** Arrow's buffers on Banos's allocator: {@link dev.banos.adapter.arrow.BanosAllocation}. */
package dev.banos.adapter.arrow;
