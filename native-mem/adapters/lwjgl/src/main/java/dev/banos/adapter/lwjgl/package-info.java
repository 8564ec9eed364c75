/** LWJGL's explicit memory from Banos: {@link dev.banos.adapter.lwjgl.BanosMemoryAllocator}. */
package dev.banos.adapter.lwjgl;
