package dev.banos.mem.mappings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.system.Kernel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a cache keeps beside lists that say of each mapping when it came, and whether it has lain there since the last look. */
class KeptMappingsModelTest {
    private static final int LENGTHS = 20;
    private static final long PATIENCE = 4;

    private static final class Kept {
        private final long address;
        private final long time;
        private boolean isUnused;

        Kept(long address, long time) {
            this.address = address;
            this.time = time;
        }
    }

    private final KeptMappings mappings = new KeptMappings(MappingLengths.of(LENGTHS - 1));
    private final List<List<Kept>> model = new ArrayList<>();
    private long now;
    private long pages;

    @Test
    void asTheModelHasIt() {
        for (long seed = 1; seed <= 20; seed++) {
            KeptMappingsModelTest fresh = new KeptMappingsModelTest();
            fresh.run(seed);
        }
    }

    private void run(long seed) {
        for (int i = 0; i < LENGTHS; i++) {
            model.add(new ArrayList<>());
        }
        SplittableRandom random = new SplittableRandom(seed);
        int used = random.nextInt(1, LENGTHS + 1); // few lengths have deep stacks
        for (int step = 0; step < 3_000; step++) {
            int index = LENGTHS - 1 - random.nextInt(used);
            switch (random.nextInt(9)) {
                case 0, 1, 2 -> push(index);
                case 3, 4 -> take(index);
                case 5 -> removeOldest();
                case 6 -> takeUnused(index, random.nextInt(1, 5));
                default -> tick();
            }
            check("seed " + seed + ", step " + step, random);
        }
    }

    private void tick() {
        mappings.tick();
        now++;
    }

    private void push(int index) {
        tick();
        long address = ++pages * Kernel.PAGE_BYTES;
        assertThat(mappings.hasRoom(index)).isTrue();
        mappings.push(index, KeptMappings.kept(address, pages % 2 == 0));
        model.get(index).add(new Kept(address, now));
    }

    private void take(int index) {
        List<Kept> stack = model.get(index);
        assertThat(mappings.isEmpty(index)).isEqualTo(stack.isEmpty());
        if (!stack.isEmpty()) {
            long highest = mappings.highest(index);
            assertThat(mappings.takeHighest(index)).isEqualTo(highest);
            Kept expected = stack.removeLast();
            assertThat(KeptMappings.address(highest)).isEqualTo(expected.address);
            assertThat(KeptMappings.isHuge(highest)).isEqualTo(expected.address / Kernel.PAGE_BYTES % 2 == 0);
        }
    }

    private void removeOldest() {
        int index = mappings.indexOfOldest();
        assertThat(index).isEqualTo(oldest());
        if (index >= 0) {
            assertThat(KeptMappings.address(mappings.lowest(index))).isEqualTo(model.get(index).getFirst().address);
            mappings.removeLowest(index, 1);
            model.get(index).removeFirst();
        }
    }

    private int oldest() {
        int oldest = -1;
        for (int i = 0; i < LENGTHS; i++) {
            if (!model.get(i).isEmpty() && (oldest < 0 || model.get(i).getFirst().time < model.get(oldest).getFirst().time)) {
                oldest = i;
            }
        }
        return oldest >= 0 && isOld(model.get(oldest).getFirst()) ? oldest : -1;
    }

    private boolean isOld(Kept kept) {
        return now - kept.time > PATIENCE * count();
    }

    private long count() {
        return model.stream().mapToLong(List::size).sum();
    }

    private void takeUnused(int index, int most) {
        long[] batch = new long[most];
        int count = mappings.takeUnused(index, batch);
        List<Kept> stack = model.get(index);
        assertThat(count).isEqualTo((int) Math.min(most, stack.stream().filter(kept -> kept.isUnused).count()));
        for (int i = 0; i < count; i++) {
            assertThat(KeptMappings.address(batch[i])).isEqualTo(stack.removeFirst().address);
        }
        if (count == 0) {
            stack.forEach(kept -> kept.isUnused = true);
        }
    }

    private void check(String where, SplittableRandom random) {
        assertThat(mappings.isValid()).as(where).isTrue();
        long bytes = 0;
        long old = 0;
        for (int i = 0; i < LENGTHS; i++) {
            bytes += model.get(i).size() * MappingLengths.of(i);
            old += model.get(i).stream().filter(this::isOld).count() * MappingLengths.of(i);
        }
        assertThat(mappings.bytes()).as(where).isEqualTo(bytes);
        assertThat(mappings.areOld(old + 1)).as(where).isFalse();
        if (old > 0) {
            assertThat(mappings.areOld(old)).as(where).isTrue();
        }
        long page = random.nextLong(pages + 2) * Kernel.PAGE_BYTES;
        assertThat(mappings.has(page)).as(where)
                .isEqualTo(model.stream().flatMap(List::stream).anyMatch(kept -> kept.address == page));
    }
}
