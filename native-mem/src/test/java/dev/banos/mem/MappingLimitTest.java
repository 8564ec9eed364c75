package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A process has nearly as many mappings as it may have, in a JVM of its own: that would end for want of one for a thread's stack, if frees
 * of blocks between others took the rest.
 */
class MappingLimitTest {
    @Test
    void theLastMappingsAreLeftToTheJvm() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(), Child.class).output()).contains("as expected")
                .doesNotContain("WRONG");
    }

    /** What the JVM with few mappings left runs. */
    public static final class Child {
        private static final int BLOCKS = 2_000;
        private static final long BYTES = 64 << 10;
        /** For those that the JVM makes meanwhile. */
        private static final long OTHERS = BLOCKS / 10;

        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                blocks.add(Malloc.malloc(BYTES));
            }
            long marked = ProcSelf.mark(blocks.get(BLOCKS / 2 + 1));
            long before = ProcSelf.mappings();
            RefusedUnmaps.limitOfMappings(before);
            for (int i = 1; i < BLOCKS; i += 2) {
                Malloc.free(blocks.get(i));
            }
            expect(ProcSelf.mappings() < before + OTHERS, "frees made it " + ProcSelf.mappings() + " from " + before);
            expect(RefusedUnmaps.count() > BLOCKS / 4, "only " + RefusedUnmaps.count() + " were put off");
            expect(!ProcSelf.hasOwnMemory(marked), "the memory of a block is there after its free");
            expect(isRefused(blocks.get(1)), "a second free is right");
            allElseIsAsAlways();

            int putOff = RefusedUnmaps.count();
            RefusedUnmaps.limitOfMappings(before + BLOCKS);
            Malloc.trim();
            expect(RefusedUnmaps.count() < putOff, "none of " + putOff + " went, though there was room again");
            RefusedUnmaps.limitOfMappings(0);
            Malloc.trim();
            expect(RefusedUnmaps.count() == 0, RefusedUnmaps.count() + " are left");
            expect(!ProcSelf.isStillMapped(marked), "a block is still mapped");
            System.out.println("as expected");
        }

        private static void allElseIsAsAlways() {
            expect(Malloc.malloc(100) != 0, "malloc of little is out of memory");
            long block = Malloc.malloc(4 << 20);
            expect(block != 0, "malloc of much is out of memory");
            block = Malloc.realloc(block, 8 << 20);
            expect(block != 0, "growth is out of memory");
            expect(Malloc.realloc(block, 1 << 20) != 0, "a block that becomes smaller is out of memory");
        }

        private static boolean isRefused(long block) {
            try {
                Malloc.free(block);
                return false;
            } catch (InvalidBlockException asItShould) {
                return true;
            }
        }

        private static void expect(boolean holds, String otherwise) {
            if (!holds) {
                System.out.println("WRONG: " + otherwise);
                System.exit(1);
            }
        }
    }
}
