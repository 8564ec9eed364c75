package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.system.RefusedUnmaps;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whatever would make a mapping more of each block does without while it happens that there are nearly as many as the process may have, in
 * JVMs of their own: beyond the limit they would end.
 */
class LastMappingsTest {
    /** What is done to three thousand blocks. */
    enum Deed {
        /** Each lies between two others and is freed, as in the next three. */
        FREE,
        /** By a virtual thread. */
        VIRTUAL_FREE,
        /** By the close of the heap. */
        CLOSE,
        /** Out of a cache that is emptied. */
        EMPTIED_CACHE,
        /** The end of each goes, between it and another. */
        SHRINK,
        /** Each moves out from between two others. */
        GROWTH,
        /** Each begins at an address that leaves a gap. */
        ALIGNMENT,
        /** Each asks for huge pages, between others that do not. */
        HUGE_PAGES,
        /** Each lies between pages without access. */
        GUARD,
        /** Each becomes one without access, between two others. */
        QUARANTINE
    }

    @ParameterizedTest
    @EnumSource
    void theLastMappingsAreLeftToTheJvm(Deed deed) throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(), Child.class, deed.name()).output()).contains("as expected").doesNotContain("WRONG");
    }

    /** What each JVM runs. */
    public static final class Child {
        private static final int BLOCKS = 3_000;
        /** How many mappings more there may be before the reserve begins. */
        private static final int ROOM = 100;
        private static final long BYTES = 68 << 10;
        private static final long LESS = 64 << 10;
        private static final long MORE = 80 << 10;
        /** A page more than whole huge ones, so that a gap follows. */
        private static final long HUGE = (4 << 20) + 4096;
        /** Fewer, as the first MiB of each that has no huge pages is memory. */
        private static final int HUGE_BLOCKS = BLOCKS / 2 + ROOM;
        private static final long ALIGNMENT = 8 << 10;
        /** So many may come until they are counted again, and some that the JVM makes meanwhile. */
        private static final long MOST = ROOM + 1024 + 300;

        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            Deed deed = Deed.valueOf(arguments[0]);
            try (Heap between = Heap.create(HeapOptions.shared()); Heap heap = Heap.create(options(deed))) {
                boolean makesBlocks = deed == Deed.ALIGNMENT || deed == Deed.HUGE_PAGES || deed == Deed.GUARD;
                long[] blocks = new long[makesBlocks ? 0 : BLOCKS];
                for (int i = 0; i < blocks.length; i++) {
                    blocks[i] = heap.malloc(BYTES);
                    expect(blocks[i] != 0 && between.malloc(LESS) != 0, "out of memory at block " + i);
                }
                if (deed == Deed.EMPTIED_CACHE) {
                    freeAll(heap, blocks);
                }
                long before = ProcSelf.mappings();
                RefusedUnmaps.limitOfMappings((before + ROOM) * 8 / 7 + 1);
                perform(deed, heap, between, blocks);
                expect(ProcSelf.mappings() < before + MOST, "of " + before + " mappings it made " + ProcSelf.mappings());
                expect(between.malloc(LESS) != 0, "malloc is out of memory");
            }
            RefusedUnmaps.limitOfMappings(0);
            Malloc.trim();
            expect(RefusedUnmaps.count() == 0, RefusedUnmaps.count() + " are left");
            System.out.println("as expected");
        }

        private static HeapOptions options(Deed deed) {
            return switch (deed) {
                case EMPTIED_CACHE -> HeapOptions.shared().mappingCache(BLOCKS * MORE);
                case HUGE_PAGES -> HeapOptions.shared().hugePages(HugePages.ALWAYS);
                case GUARD -> HeapOptions.shared().hardened(Hardening.NONE.withGuard());
                case QUARANTINE -> HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(BLOCKS * BYTES));
                default -> HeapOptions.shared();
            };
        }

        private static void perform(Deed deed, Heap heap, Heap between, long[] blocks) throws InterruptedException {
            switch (deed) {
                case FREE, QUARANTINE -> freeAll(heap, blocks);
                case VIRTUAL_FREE -> Thread.ofVirtual().start(() -> freeAll(heap, blocks)).join();
                case CLOSE -> heap.close();
                case EMPTIED_CACHE -> heap.trim();
                case SHRINK -> shrinkAll(heap, blocks);
                case GROWTH -> growAll(heap, blocks);
                case ALIGNMENT -> alignUntilRefused(heap);
                case HUGE_PAGES -> mallocAll(heap, between, HUGE, HUGE_BLOCKS);
                case GUARD -> mallocAll(heap, heap, BYTES, BLOCKS);
            }
        }

        private static void freeAll(Heap heap, long[] blocks) {
            for (long block : blocks) {
                heap.free(block);
            }
        }

        private static void shrinkAll(Heap heap, long[] blocks) {
            for (long block : blocks) {
                expect(heap.realloc(block, LESS) == block && heap.usableSize(block) == LESS, "a block did not become smaller");
            }
            expect(heap.budget().usedBytes() == BLOCKS * LESS, "it is charged otherwise: " + heap.budget());
        }

        private static void growAll(Heap heap, long[] blocks) {
            for (long block : blocks) {
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, block);
                long grown = heap.realloc(block, MORE);
                expect(grown != 0 && Native.EVERYTHING.get(ValueLayout.JAVA_LONG, grown) == block, "a block did not grow, or is another");
            }
        }

        private static void mallocAll(Heap heap, Heap between, long size, int blocks) {
            for (int i = 0; i < blocks; i++) {
                expect(heap.malloc(size) != 0 && between.malloc(LESS) != 0, "out of memory at block " + i);
            }
        }

        private static void alignUntilRefused(Heap heap) {
            int made = 0;
            while (made < BLOCKS && heap.alignedAlloc(ALIGNMENT, BYTES) != 0) {
                made++;
            }
            expect(made < BLOCKS, "none was refused");
        }

        private static void expect(boolean holds, String otherwise) {
            if (!holds) {
                System.out.println("WRONG: " + otherwise);
                System.exit(1);
            }
        }
    }
}
