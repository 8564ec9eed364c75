package dev.banos.mem;

import dev.banos.mem.mappings.MappingRegistry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What lives in one heap: counted, and shown block by block. */
final class HeapContents {
    private HeapContents() {
    }

    /** As {@link Heap#statistics} has it. */
    static HeapStatistics statistics(Heap heap) {
        HeapStatistics slots = heap.inside(SlotPool::statistics, SharedPools::statistics);
        return heap.isOfMalloc() ? withMappings(slots, heap.domain()) : statistics(slots, heap.domain());
    }

    /** @param slots of all pools of the domain but that of tracked blocks */
    static HeapStatistics statistics(HeapStatistics slots, Domain domain) {
        TrackedPool tracked = domain.tracked;
        return withMappings(tracked == null ? slots : slots.plusSlotsOf(tracked.statistics()), domain);
    }

    private static HeapStatistics withMappings(HeapStatistics slots, Domain domain) {
        List<MappingRegistry.Mapping> mappings = domain.mappings.all();
        long bytes = mappings.stream().mapToLong(MappingRegistry.Mapping::bytes).sum();
        return new HeapStatistics(slots.heap(), living(slots.sizeClasses(), domain.hardened), mappings.size(), bytes, domain.mappings.cachedBytes(),
                slots.racedFrees(), HeapBudget.of(domain.budget));
    }

    /** Of a hardened heap the runs do not know which slots are live. */
    static List<HeapStatistics.SizeClass> living(List<HeapStatistics.SizeClass> classes, @Nullable HardenedBlocks hardened) {
        return hardened == null ? classes : hardened.living(classes);
    }

    /** As {@link Heap#walk} has it. */
    static void walk(Heap heap, BlockVisitor visitor) {
        if (heap.domain().hardened != null) {
            heap.domain().hardened.walk(visitor);
            return;
        }
        List<long[]> blocks = new ArrayList<>();
        BlockVisitor list = (address, usable) -> blocks.add(new long[] {address, usable});
        heap.inside(pool -> {
            pool.walk(list);
            return null;
        }, () -> {
            SharedPools.walk(list);
            return null;
        });
        TrackedPool tracked = heap.isOfMalloc() ? null : heap.domain().tracked;
        if (tracked != null) {
            tracked.walk(list);
        }
        heap.domain().mappings.all().forEach(mapping -> list.block(mapping.address(), mapping.bytes()));
        blocks.forEach(block -> visitor.block(block[0], block[1]));
    }
}
