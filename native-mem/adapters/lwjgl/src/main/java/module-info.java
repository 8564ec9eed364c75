import org.jspecify.annotations.NullMarked;

/** LWJGL's explicit memory from Banos. */
@NullMarked
module dev.banos.adapter.lwjgl {
    requires transitive dev.banos.mem;
    requires transitive org.lwjgl;
    requires static transitive org.jspecify;

    exports dev.banos.adapter.lwjgl;
}
