module app {
    requires dev.banos.adapter.lucene;
}
