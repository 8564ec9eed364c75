package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.system.Reservation;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which addresses malloc answers for: those of its blocks, and of what nobody else can have; never another allocator's. */
class OwnershipTest {
    private static final long[] SIZES = {0, 1, 64, 1000, 40_000, 65_535, 65_536, 100_000, 1 << 20, 5 << 20};

    @Test
    void liveBlocksOfEachSize() {
        for (long size : SIZES) {
            long block = Malloc.malloc(size);
            assertThat(Malloc.owns(block)).as("%d bytes", size).isTrue();
            Malloc.free(block);
        }
    }

    @Test
    void aSlotStaysOursWhenItIsFree() {
        long block = Malloc.malloc(64);
        Malloc.free(block);
        assertThat(Malloc.owns(block)).isTrue();
        assertThat(Malloc.owns(block + 1)).isTrue();
    }

    @Test
    void aMappingThatWentBackIsNobodys() {
        long block = Malloc.malloc(1 << 20);
        assertThat(LongStream.of(1, 16, 4096, 1 << 20).map(offset -> block + offset).filter(Malloc::owns)).isEmpty();
        Malloc.free(block);
        assertThat(Malloc.owns(block)).isFalse();
    }

    @Test
    void nobodyElsesMemory() {
        assertThat(LongStream.of(0, 1, 8, 4096, 0x7fff_ffff_f000L, -1, -4096, Long.MIN_VALUE, Long.MAX_VALUE).filter(Malloc::owns))
                .isEmpty();
        assertThat(LongStream.of(Reservation.BASE - 1, Reservation.BASE + Reservation.BYTES).filter(Malloc::owns)).isEmpty();
        try (Arena scope = Arena.ofConfined()) {
            assertThat(Malloc.owns(scope.allocate(64).address())).isFalse();
            assertThat(Malloc.owns(scope.allocate(1 << 20, 4096).address())).isFalse();
        }
    }

    @Test
    void freedMappingsThatAreKept() throws IOException, InterruptedException {
        assertThat(inChild("-Dbanos.mem.mappingCacheBytes=67108864")).contains("live 10, freed 10, foreign 0");
    }

    @Test
    void blocksInQuarantine() throws IOException, InterruptedException {
        assertThat(inChild("-Dbanos.mem.hardening=quarantine:67108864,guard,canary")).contains("live 10, freed 10, foreign 0");
    }

    private static String inChild(String property) throws IOException, InterruptedException {
        return ChildJvm.run(List.of("-ea", property), Main.class).output();
    }

    static final class Main {
        public static void main(String[] args) {
            long[] blocks = LongStream.of(SIZES).map(Malloc::malloc).toArray();
            long live = LongStream.of(blocks).filter(Malloc::owns).count();
            LongStream.of(blocks).forEach(Malloc::free);
            long freed = LongStream.of(blocks).filter(Malloc::owns).count();
            try (Arena scope = Arena.ofConfined()) {
                long foreign = LongStream.of(64, 1 << 20).map(size -> scope.allocate(size, 4096).address())
                        .filter(Malloc::owns).count();
                System.out.println("live " + live + ", freed " + freed + ", foreign " + foreign);
            }
        }
    }
}
