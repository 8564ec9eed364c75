/** LWJGL's explicit memory from Banos. */
module dev.banos.adapter.lwjgl {
    requires transitive dev.banos.mem;
    requires transitive org.lwjgl;

    exports dev.banos.adapter.lwjgl;
}
