/** Netty's buffers on Banos's allocator. */
module dev.banos.adapter.netty {
    requires transitive dev.banos.mem;
    requires transitive io.netty.buffer;
    requires dev.banos.bindings;
    requires io.netty.common;

    exports dev.banos.adapter.netty;
}
