/** Netty's buffers on Banos's allocator: {@link dev.banos.adapter.netty.BanosByteBufAllocator}. */
package dev.banos.adapter.netty;
