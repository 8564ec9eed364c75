/** An index of Lucene in Banos's memory. */
module dev.banos.adapter.lucene {
    requires transitive dev.banos.mem;
    requires transitive org.apache.lucene.core;
    requires dev.banos.bindings;

    exports dev.banos.adapter.lucene;
}
