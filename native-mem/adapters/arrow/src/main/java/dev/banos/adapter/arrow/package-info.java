/** Arrow's buffers on Banos's allocator: {@link dev.banos.adapter.arrow.BanosAllocation}. */
@NullMarked
package dev.banos.adapter.arrow;

import org.jspecify.annotations.NullMarked;
