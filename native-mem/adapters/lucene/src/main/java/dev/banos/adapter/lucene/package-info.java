/** An index of Lucene in Banos's memory: {@link dev.banos.adapter.lucene.HeapDirectory}. */
package dev.banos.adapter.lucene;
