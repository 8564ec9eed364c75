package dev.banos.mem;

import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.slots.SizeClasses;
import dev.banos.mem.slots.SlotCounts;
import dev.banos.mem.slots.SlotPool;
import dev.banos.mem.slots.TrackedPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What lives in one heap: counted, and shown block by block. */
final class HeapContents {
    private HeapContents() {
    }

    /** As {@link Heap#statistics} has it. */
    static HeapStatistics statistics(Heap heap) {
        SlotCounts slots = new SlotCounts();
        HeapAccess.inside(heap, pool -> slots.plus(pool.counts()));
        return statistics(heap.toString(), slots, heap.domain(), heap.hardened());
    }

    /** @param slots of all pools of the domain but that of tracked blocks */
    static HeapStatistics statistics(String name, SlotCounts slots, Domain domain, @Nullable HardenedBlocks hardened) {
        TrackedPool tracked = domain.tracked();
        return withMappings(name, tracked == null ? slots : slots.plus(tracked.counts()), domain, hardened);
    }

    private static HeapStatistics withMappings(String name, SlotCounts slots, Domain domain, @Nullable HardenedBlocks hardened) {
        List<MappingRegistry.Mapping> mappings = domain.mappings.all();
        long bytes = mappings.stream().mapToLong(MappingRegistry.Mapping::bytes).sum();
        return new HeapStatistics(name, living(slots, hardened), mappings.size(), bytes, domain.mappings.cachedBytes(),
                slots.racedFrees(), HeapBudget.of(domain.budget));
    }

    /** By size class. Of a hardened heap the runs do not know which slots are live. */
    static List<HeapStatistics.SizeClass> living(SlotCounts slots, @Nullable HardenedBlocks hardened) {
        SlotCounts counts = hardened == null ? slots : hardened.living(slots);
        List<HeapStatistics.SizeClass> classes = new ArrayList<>();
        for (int i = 0; i < SizeClasses.COUNT; i++) {
            if (counts.runs(i) > 0) {
                classes.add(new HeapStatistics.SizeClass(SizeClasses.slotBytes(i), counts.runs(i), counts.slots(i), counts.live(i),
                        counts.spanBytes(i)));
            }
        }
        return classes;
    }

    /** As {@link Heap#walk} has it. */
    static void walk(Heap heap, BlockVisitor visitor) {
        Objects.requireNonNull(visitor, "visitor");
        if (heap.hardened() != null) {
            heap.hardened().walk(visitor);
            return;
        }
        List<long[]> blocks = new ArrayList<>();
        SlotPool.Visitor list = (address, usable) -> blocks.add(new long[] {address, usable});
        HeapAccess.inside(heap, pool -> pool.walk(list));
        TrackedPool tracked = heap.domain().tracked();
        if (tracked != null) {
            tracked.walk(list);
        }
        heap.domain().mappings.all().forEach(mapping -> list.slot(mapping.address(), mapping.bytes()));
        blocks.forEach(block -> visitor.block(block[0], block[1]));
    }
}
