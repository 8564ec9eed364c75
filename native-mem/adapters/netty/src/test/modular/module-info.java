module app {
    requires dev.banos.adapter.netty;
}
