package dev.banos.adapter.lucene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.Directory;
import org.junit.jupiter.api.Test;

/** An index of text, with merges, deletions, open readers, and vectors; the same in Lucene's own directory as the oracle. */
class IndexAndSearchTest {
    private static final int DOCUMENTS = 3000;
    private static final List<String> WORDS = List.of("memory", "native", "heap", "block", "arena", "free", "page", "thread",
            "lock", "slot", "the", "of", "and", "is", "a", "with", "without", "kernel", "map", "word");

    @Test
    void findsWhatLucenesOwnDirectoryFindsAndGivesEverythingBack() throws IOException {
        try (Heap heap = Heap.create(HeapOptions.shared().named("index")); ByteBuffersDirectory oracle = new ByteBuffersDirectory()) {
            index(oracle);
            try (HeapDirectory directory = new HeapDirectory(heap)) {
                index(directory);
                assertThat(heap.statistics().liveBlocks()).as("one block a file, but for empty ones")
                        .isBetween(5L, (long) directory.listAll().length);
                assertThat(search(directory)).isEqualTo(search(oracle));
                try (CheckIndex check = new CheckIndex(directory)) {
                    assertThat(check.checkIndex().clean).isTrue();
                }
            }
            assertThat(heap.statistics().liveBlocks()).isZero();
            heap.trim();
            assertThat(heap.budget().usedBytes()).isZero();
            assertThat(heap.budget().peakBytes()).isGreaterThan(500_000);
        }
    }

    /** What merges delete goes back while the index lives, but for what a reader has open. */
    @Test
    void mergedSegmentsGoBackWhenTheirReadersClose() throws IOException {
        try (Heap heap = Heap.create(HeapOptions.shared().named("index")); HeapDirectory directory = new HeapDirectory(heap)) {
            index(directory);
            try (IndexWriter writer = new IndexWriter(directory, config())) {
                DirectoryReader reader = DirectoryReader.open(writer);
                writer.forceMerge(1);
                writer.commit();
                assertThat(new IndexSearcher(reader).count(new TermQuery(new Term("text", "heap")))).isPositive();
                long both = heap.statistics().liveBytes();
                reader.close();
                writer.deleteUnusedFiles();
                assertThat(heap.statistics().liveBytes()).isLessThan(both);
            }
            long files = 0;
            for (String name : directory.listAll()) {
                files += directory.fileLength(name);
            }
            assertThat(heap.statistics().liveBytes()).as("little more than the files").isBetween(files, files + files / 4 + 100_000);
        }
    }

    /** A limit stops the writer as a full disk does, and leaves the last commit. */
    @Test
    void aFullHeapLosesNoCommit() throws IOException {
        try (Heap heap = Heap.create(HeapOptions.shared().named("index").limit(4L << 20));
                HeapDirectory directory = new HeapDirectory(heap)) {
            try (IndexWriter writer = new IndexWriter(directory, config())) {
                writer.addDocument(document(0, new SplittableRandom(0)));
                writer.commit();
            }
            IndexWriter writer = new IndexWriter(directory, config());
            SplittableRandom random = new SplittableRandom(1);
            assertThatThrownBy(() -> {
                for (int i = 0; i < 100_000; i++) {
                    writer.addDocument(document(i, random));
                }
            }).hasStackTraceContaining("heap index: limit");
            writer.rollback();
            assertThat(heap.budget().refusals()).isPositive();
            try (DirectoryReader reader = DirectoryReader.open(directory)) {
                assertThat(reader.numDocs()).isEqualTo(1);
            }
        }
    }

    private static IndexWriterConfig config() {
        return new IndexWriterConfig(new StandardAnalyzer()).setMaxBufferedDocs(300).setRAMBufferSizeMB(1);
    }

    private static void index(Directory directory) throws IOException {
        SplittableRandom random = new SplittableRandom(42);
        try (IndexWriter writer = new IndexWriter(directory, config())) {
            for (int i = 0; i < DOCUMENTS; i++) {
                writer.addDocument(document(i, random));
                if (i % 1000 == 500) {
                    writer.deleteDocuments(new Term("id", String.valueOf(i - 100)));
                    writer.commit();
                }
            }
        }
    }

    private static Document document(int id, SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 30; i++) {
            text.append(WORDS.get(random.nextInt(WORDS.size()))).append(' ');
        }
        Document document = new Document();
        document.add(new StringField("id", String.valueOf(id), Field.Store.YES));
        document.add(new TextField("text", text.toString(), Field.Store.YES));
        document.add(new NumericDocValuesField("order", random.nextInt(1_000_000)));
        float[] vector = new float[16];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) random.nextDouble(-1, 1);
        }
        document.add(new KnnFloatVectorField("vector", vector));
        return document;
    }

    /** Counts, and the stored fields of the best by score, by a sort, and by distance. */
    private static List<String> search(Directory directory) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryReader reader = DirectoryReader.open(directory)) {
            IndexSearcher searcher = new IndexSearcher(reader);
            found.add(reader.numDocs() + " documents");
            float[] near = new float[16];
            near[3] = 1;
            for (Query query : List.of(new TermQuery(new Term("text", "arena")), new PhraseQuery("text", "native", "memory"),
                    new TermQuery(new Term("id", "777")), new KnnFloatVectorQuery("vector", near, DOCUMENTS))) {
                found.add(query + ": " + searcher.count(query));
                for (TopDocs best : List.of(searcher.search(query, 5),
                        searcher.search(query, 5, new Sort(new SortField("order", SortField.Type.INT))))) {
                    for (var hit : best.scoreDocs) {
                        found.add(searcher.storedFields().document(hit.doc).toString());
                    }
                }
            }
        }
        return found;
    }
}
