package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.system.Reservation;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What goes back to the system, as the kernel sees it. */
class FootprintTest {
    @Test
    void aBlockOf64KiBIsMappedOnMallocAndGoneRightAfterItsFree() {
        for (long size : new long[] {64 * 1024, 65 * 1024, 1 << 20, 64 << 20}) {
            long block = Malloc.malloc(size);
            assertThat(RunTable.at(block)).isNull();
            long last = ProcSelf.mark(block + size - 1);
            assertThat(ProcSelf.isStillMapped(ProcSelf.mark(block))).isTrue();
            assertThat(ProcSelf.isStillMapped(last)).isTrue();
            Malloc.free(block);
            assertThat(ProcSelf.stillMapped(List.of(block, last))).isEmpty();
        }
        long smaller = Malloc.malloc(64 * 1024 - 1);
        assertThat(RunTable.at(smaller)).isNotNull();
        Malloc.free(smaller);
    }

    @Test
    void reallocOfALargeBlockKeepsItsPagesInsteadOfCopying() {
        long block = Malloc.malloc(64 << 20);
        for (long i = 0; i < 64 << 20; i += 4096) {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block + i, i);
        }
        long moved = Malloc.realloc(block, 256L << 20);
        assertThat(Malloc.usableSize(moved)).isEqualTo(256L << 20);
        for (long i = 0; i < 64 << 20; i += 4096) {
            assertThat(Native.EVERYTHING.get(ValueLayout.JAVA_LONG, moved + i)).isEqualTo(i);
        }
        long behind = ProcSelf.mark(moved + (1 << 20));
        long shrunk = Malloc.realloc(moved, 1 << 20);
        assertThat(ProcSelf.isStillMapped(behind)).isFalse();
        Malloc.free(shrunk);
    }

    @Test
    void afterAllFreesAndATrimTheResidentSizeIsBackWithinATenth() {
        Malloc.trim();
        long before = resident();
        SplittableRandom random = new SplittableRandom(1);
        long[] blocks = new long[50_000];
        for (int i = 0; i < blocks.length; i++) {
            int size = random.nextInt(8, random.nextInt(20) == 0 ? 20_000 : 600);
            blocks[i] = Malloc.malloc(size);
            Native.segment(blocks[i], size).fill((byte) 1);
        }
        long peak = resident();
        assertThat(peak - before).isGreaterThan(20L << 20);
        for (long block : blocks) {
            Malloc.free(block);
        }
        Malloc.trim();
        assertThat(resident() - before).isLessThan((peak - before) / 10);
    }

    @Test
    void withoutATrimTheMemoryGoesBackAfterADelay() throws InterruptedException {
        Malloc.trim();
        long before = resident();
        AtomicLong peak = new AtomicLong();
        Thread thread = new Thread(() -> {
            long[] blocks = new long[1000];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = Malloc.malloc(20_000);
                Native.segment(blocks[i], 20_000).fill((byte) 1);
            }
            peak.set(resident());
            for (long block : blocks) {
                Malloc.free(block);
            }
        });
        thread.start();
        thread.join();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while ((Spans.dirtyBytes() > 0 || resident() - before > (peak.get() - before) / 10) && System.nanoTime() < deadline) {
            Thread.sleep(50);
        }
        assertThat(Spans.dirtyBytes()).isZero();
        assertThat(peak.get() - before).isGreaterThan(15L << 20);
        assertThat(resident() - before).isLessThanOrEqualTo((peak.get() - before) / 10);
    }

    private static long resident() {
        return ProcSelf.residentBytes(Reservation.BASE, Reservation.BASE + Reservation.BYTES);
    }
}
