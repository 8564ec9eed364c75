import org.jspecify.annotations.NullMarked;

/** An index of Lucene in Banos's memory. */
@NullMarked
module dev.banos.adapter.lucene {
    requires transitive dev.banos.mem;
    requires transitive org.apache.lucene.core;
    requires dev.banos.bindings;
    requires static transitive org.jspecify;

    exports dev.banos.adapter.lucene;
}
