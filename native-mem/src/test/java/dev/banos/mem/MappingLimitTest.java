package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.ENOMEM;
import static dev.banos.bindings.generated.Linux.MAP_ANONYMOUS;
import static dev.banos.bindings.generated.Linux.MAP_NORESERVE;
import static dev.banos.bindings.generated.Linux.MAP_PRIVATE;
import static dev.banos.bindings.generated.Linux.PROT_NONE;
import static dev.banos.bindings.generated.Linux.PROT_READ;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.SystemCalls;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.testing.ChildJvm;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A process has nearly as many mappings as the kernel allows it, in a JVM of its own: that would end for want of one for a thread's
 * stack, if frees of blocks between others took the rest.
 */
class MappingLimitTest {
    private static final Path LIMIT = Path.of("/proc/sys/vm/max_map_count");

    @Test
    void theLastMappingsAreLeftToTheJvm() throws IOException, InterruptedException {
        assumeTrue(limit() <= 1 << 17, "takes all of vm.max_map_count");
        assertThat(ChildJvm.run(List.of(), Child.class).output()).contains("as expected")
                .doesNotContain("WRONG");
    }

    /** In one read: the kernel gives each further one nothing, and {@link Files#readString} begins with one byte. */
    private static long limit() throws IOException {
        try (InputStream file = Files.newInputStream(LIMIT)) {
            return Long.parseLong(new String(file.readNBytes(64), StandardCharsets.US_ASCII).strip());
        }
    }

    /** What the JVM with few mappings left runs. */
    public static final class Child {
        private static final int BLOCKS = 2_000;
        /** Fewer than every second of the blocks: without a look at the count their frees would take them all. */
        private static final long LEFT = 500;
        private static final int MOST_CALLS = 20_000;

        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                blocks.add(Malloc.malloc(64 << 10));
            }
            long before = count();
            long pages = (limit() - LEFT - before) / 2 * 2;
            MemorySegment state = Tcb.current().segment();
            long others = SystemCalls.mmap(state, 0, pages * Kernel.PAGE_BYTES, PROT_NONE(),
                    MAP_PRIVATE() | MAP_ANONYMOUS() | MAP_NORESERVE(), -1, 0);
            for (long page = 0; page < pages; page += 2) {
                SystemCalls.mprotect(state, others + page * Kernel.PAGE_BYTES, Kernel.PAGE_BYTES, PROT_READ());
            }
            long most = count();
            expect(most > limit() - 2 * LEFT, "the test has made " + most + " mappings only");

            expect(mallocsUntilRefused() < MOST_CALLS, "malloc goes on mapping");
            for (int i = 1; i < BLOCKS; i += 2) {
                Malloc.free(blocks.get(i));
            }
            expect(count() < most + LEFT / 2, "frees made it " + count() + " of " + limit() + ", from " + most);
            expect(RefusedUnmaps.count() > BLOCKS / 4, "only " + RefusedUnmaps.count() + " were put off");
            expect(!ProcSelf.hasOwnMemory(blocks.get(BLOCKS / 2 + 1)), "the memory of a block is there after its free");
            expect(isRefused(blocks.get(1)), "a second free is right");
            Thread.ofPlatform().start(() -> Malloc.free(Malloc.malloc(100))).join();

            SystemCalls.munmap(state, others, pages * Kernel.PAGE_BYTES);
            long again = Malloc.malloc(1 << 20);
            expect(again != 0, "malloc goes on refusing");
            Malloc.free(again);
            Malloc.trim();
            expect(RefusedUnmaps.count() == 0, RefusedUnmaps.count() + " are left");
            expect(!ProcSelf.isMapped(blocks.get(BLOCKS / 2 + 1)), "a block is still mapped");
            System.out.println("as expected");
        }

        private static int mallocsUntilRefused() {
            for (int i = 0; i < MOST_CALLS; i++) {
                long block = Malloc.malloc(64 << 10);
                if (block == 0) {
                    expect(Tcb.current().errno() == ENOMEM(), "errno is " + Tcb.current().errno());
                    return i;
                }
                Malloc.free(block);
            }
            return MOST_CALLS;
        }

        private static boolean isRefused(long block) {
            try {
                Malloc.free(block);
                return false;
            } catch (InvalidBlockException asItShould) {
                return true;
            }
        }

        private static long count() throws IOException {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.count();
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
