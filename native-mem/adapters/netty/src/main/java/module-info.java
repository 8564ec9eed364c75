import org.jspecify.annotations.NullMarked;

/** Netty's buffers on Banos's allocator. */
@NullMarked
module dev.banos.adapter.netty {
    requires transitive dev.banos.mem;
    requires transitive io.netty.buffer;
    requires dev.banos.bindings;
    requires io.netty.common;
    requires static transitive org.jspecify;

    exports dev.banos.adapter.netty;
}
