package app;

import dev.banos.adapter.lucene.HeapDirectory;
import dev.banos.mem.Heap;
import java.io.IOException;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;

class Main {
    public static void main(String[] args) throws IOException {
        try (Heap heap = Heap.createShared()) {
            try (HeapDirectory directory = new HeapDirectory(heap)) {
                try (IndexOutput file = directory.createOutput("file", IOContext.DEFAULT)) {
                    file.writeString("banos");
                }
                try (IndexInput file = directory.openInput("file", IOContext.DEFAULT)) {
                    System.out.print(directory.getClass().getModule().getName() + ": " + file.readString());
                }
                System.out.print(", blocks: " + (heap.statistics().liveBlocks() > 0));
            }
            System.out.println(", then " + heap.statistics().liveBlocks());
        }
    }
}
