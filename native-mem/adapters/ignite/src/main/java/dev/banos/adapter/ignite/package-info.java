/** Ignite's data regions in Banos's memory: {@link dev.banos.adapter.ignite.BanosMemoryAllocator}. */
@NullMarked
package dev.banos.adapter.ignite;

import org.jspecify.annotations.NullMarked;
