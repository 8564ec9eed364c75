/** Ignite's data regions in Banos's memory: {@link dev.banos.adapter.ignite.BanosMemoryAllocator}. */
package dev.banos.adapter.ignite;
