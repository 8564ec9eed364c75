package dev.banos.adapter.lucene;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.FullJavaHeap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexInput;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.Test;

/** Where Java's heap has room for some bytes only: an input or output is there, or nobody waits for its close. */
class JavaHeapFullTest {
    private static final List<String> FLAGS = List.of("-Xmx16m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "--sun-misc-unsafe-memory-access=allow");

    @Test
    void whatCouldNotBeOpenedHoldsNoFile() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Child.class).output()).containsPattern("inputs [1-9]\\d* and [1-9]\\d* refused")
                .containsPattern("outputs [1-9]\\d* and [1-9]\\d* refused")
                .contains("as many names as outputs: true", "live 0, deleted 0;");
    }

    /** What the JVM with the small heap runs for that. */
    public static final class Child {
        private static final int ROUNDS = 60;
        private static final int CRUMBS_FOR_INPUTS = 4;
        private static final int CRUMBS_FOR_OUTPUTS = 60; // which have a buffer

        private static int refusedInputs;
        private static int refusedOutputs;

        private Child() {
        }

        public static void main(String[] arguments) throws IOException {
            try (Heap heap = Heap.createShared(); HeapDirectory directory = new HeapDirectory(heap)) {
                try (IndexOutput output = directory.createOutput("file", IOContext.DEFAULT)) {
                    output.writeBytes(new byte[100_000], 100_000);
                }
                directory.openInput("file", IOContext.DEFAULT).close(); // then all classes are there
                directory.createOutput("other", IOContext.DEFAULT).close();
                directory.deleteFile("other");
                String[] names = new String[ROUNDS];
                for (int i = 0; i < ROUNDS; i++) {
                    names[i] = "file" + i;
                }
                List<IndexInput> inputs = new ArrayList<>(ROUNDS);
                List<IndexOutput> outputs = new ArrayList<>(ROUNDS);
                FullJavaHeap javaHeap = new FullJavaHeap(ROUNDS * (CRUMBS_FOR_INPUTS + CRUMBS_FOR_OUTPUTS));
                javaHeap.fill();
                for (int i = 0; i < ROUNDS; i++) {
                    openInput(directory, inputs);
                    javaHeap.giveBack(CRUMBS_FOR_INPUTS);
                }
                for (int i = 0; i < ROUNDS; i++) {
                    createOutput(directory, names[i], outputs);
                    javaHeap.giveBack(CRUMBS_FOR_OUTPUTS);
                }
                javaHeap.empty();
                System.out.println("inputs " + inputs.size() + " and " + refusedInputs + " refused");
                System.out.println("outputs " + outputs.size() + " and " + refusedOutputs + " refused");
                end(directory, inputs, outputs);
                System.out.println("live " + heap.statistics().liveBlocks() + ", deleted " + directory.deletedFiles() + ";");
            }
        }

        private static void openInput(HeapDirectory directory, List<IndexInput> inputs) throws IOException {
            try {
                inputs.add(directory.openInput("file", IOContext.DEFAULT));
            } catch (OutOfMemoryError javaHeapIsFull) {
                refusedInputs++;
            }
        }

        private static void createOutput(HeapDirectory directory, String name, List<IndexOutput> outputs) throws IOException {
            try {
                outputs.add(directory.createOutput(name, IOContext.DEFAULT));
            } catch (OutOfMemoryError javaHeapIsFull) {
                refusedOutputs++;
            }
        }

        private static void end(HeapDirectory directory, List<IndexInput> inputs, List<IndexOutput> outputs) throws IOException {
            for (IndexInput input : inputs) {
                input.close();
            }
            for (IndexOutput output : outputs) {
                output.close();
            }
            System.out.println("as many names as outputs: " + (directory.listAll().length == outputs.size() + 1));
            for (String name : directory.listAll()) {
                directory.deleteFile(name);
            }
        }
    }
}
