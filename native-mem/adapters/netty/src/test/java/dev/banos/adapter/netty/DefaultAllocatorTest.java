package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.HeapStatistics;
import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The default allocator in processes of its own, because malloc reads its properties once: what it keeps, and how buffers grow. */
class DefaultAllocatorTest {
    private static final int KIBIBYTE = 1 << 10;

    /** Prints what happened: large buffers that come and go, and one that grows to 2 MiB. */
    static final class Program {
        public static void main(String[] args) {
            for (int i = 0; i < 100; i++) {
                BanosByteBufAllocator.DEFAULT.directBuffer(64 * KIBIBYTE).writeLong(i).release();
            }
            System.out.println("kept " + Malloc.statistics().cachedBytes() / KIBIBYTE);
            grow(0);
            System.out.println("moves " + grow(1));
            HeapStatistics end = Malloc.statistics();
            System.out.println("blocks " + end.liveBlocks() + ", mappings " + end.mappings());
        }

        /** @return how often the block moved from 64 KiB on, all content with it */
        private static int grow(int seed) {
            ByteBuf buffer = BanosByteBufAllocator.DEFAULT.directBuffer(64);
            long address = 0;
            int moves = 0;
            for (int i = 0; i < 2048 * KIBIBYTE / Long.BYTES; i++) {
                buffer.writeLong(i * 0x9E3779B97F4A7C15L + seed);
                moves += buffer.capacity() >= 64 * KIBIBYTE && address != buffer.memoryAddress() ? 1 : 0;
                address = buffer.memoryAddress();
            }
            for (int i = 0; buffer.isReadable(); i++) {
                if (buffer.readLong() != i * 0x9E3779B97F4A7C15L + seed) {
                    throw new AssertionError("word " + i);
                }
            }
            buffer.capacity(100 * KIBIBYTE);
            if (buffer.getLong(64 * KIBIBYTE) != 8 * KIBIBYTE * 0x9E3779B97F4A7C15L + seed) {
                throw new AssertionError("lost by the cut");
            }
            buffer.release();
            return moves;
        }
    }

    @Test
    void keepsLargeBlocksAndGrowsInTwoSteps() throws Exception {
        assertThat(run()).containsExactly("kept 64", "moves 2", "blocks 0, mappings 0");
    }

    @Test
    void doesAsAPropertySays() throws Exception {
        assertThat(run("-Dbanos.mem.mappingCacheBytes=0")).startsWith("kept 0").endsWith("blocks 0, mappings 0");
        assertThat(run("-Dbanos.mem.hardening=canary")).startsWith("kept 0").contains("blocks 0, mappings 0");
    }

    private static List<String> run(String... flags) throws IOException, InterruptedException {
        ProcessBuilder program = new ProcessBuilder(ChildJvm.command(List.of(flags), Program.class));
        return ChildProcess.run(program.redirectError(ProcessBuilder.Redirect.INHERIT)).succeeded().lines().toList();
    }
}
