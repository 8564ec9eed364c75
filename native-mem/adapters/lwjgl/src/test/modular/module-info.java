module app {
    requires org.lwjgl;
    requires dev.banos.mem;
}
