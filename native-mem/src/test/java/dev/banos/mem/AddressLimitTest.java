package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Under {@code ulimit -v}, in a JVM of its own: what runs out comes back with the frees, and small blocks never go away. */
class AddressLimitTest {
    private static final long LIMIT_KIB = 4_000_000;
    private static final long LARGE = 200_000;
    private static final List<String> LIMITED = List.of("sh", "-c", "ulimit -v " + LIMIT_KIB + " && exec \"$@\"", "sh");
    private static final List<String> FLAGS = List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=48m",
            "-XX:CompressedClassSpaceSize=48m");

    /** What the child runs: takes large blocks, before any small one, until there are no addresses left. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            int first = exhaust().size();
            boolean small = Malloc.malloc(100) != 0;
            System.out.println((first > 1000) + " " + small + " " + (exhaust().size() >= first - 1));
        }

        private static List<Long> exhaust() {
            List<Long> blocks = new ArrayList<>();
            for (long block = Malloc.malloc(LARGE); block != 0; block = Malloc.malloc(LARGE)) {
                blocks.add(block);
            }
            blocks.forEach(Malloc::free);
            return blocks;
        }
    }

    /** Takes all addresses, and frees into a cache that keeps everything, so that no thread can be started for the purge. */
    public static final class CachingChild {
        private CachingChild() {
        }

        public static void main(String[] arguments) {
            System.out.println("freed " + (Child.exhaust().size() > 1000));
        }
    }

    @Test
    void aPurgeThatCannotStartIsNotTriedAtEachFree() throws IOException, InterruptedException {
        List<String> flags = new ArrayList<>(FLAGS);
        flags.add("-Dbanos.mem.mappingCacheBytes=" + (1L << 40));
        String output = ChildJvm.run(LIMITED, flags, CachingChild.class).output();
        assertThat(output).contains("freed true");
        assertThat(output.split("banos-purger", -1)).as("thread starts that the JVM reports").hasSizeLessThan(100);
    }

    /** Asks for a small block at a multiple of a GiB, where the system has memory for a part of that. */
    public static final class AlignedChild {
        private AlignedChild() {
        }

        public static void main(String[] arguments) {
            try (Heap huge = Heap.create(HeapOptions.shared().hugePages(HugePages.ALWAYS))) {
                long block = huge.alignedAlloc(1L << 30, 100_000);
                System.out.println("at a multiple: " + (block != 0 && block % (1L << 30) == 0));
            }
            System.out.println("a GiB: " + Malloc.malloc(1L << 30));
        }
    }

    /** Only memory that can be written to counts here, as it does where the system promises no more than it has. */
    @Test
    void anAlignedBlockTakesNoMoreMemoryThanItHas() throws IOException, InterruptedException {
        List<String> limited = List.of("sh", "-c", "ulimit -d " + (800 << 10) + " && exec \"$@\"", "sh");
        assertThat(ChildJvm.run(limited, FLAGS, AlignedChild.class).output()).isEqualToIgnoringWhitespace("at a multiple: true a GiB: 0");
    }

    @Test
    void smallBlocksOutliveTheExhaustionOfAddresses() throws IOException, InterruptedException {
        String output = ChildJvm.run(LIMITED, FLAGS, Child.class).output();
        assertThat(output).isEqualToIgnoringWhitespace("true true true");
    }
}
