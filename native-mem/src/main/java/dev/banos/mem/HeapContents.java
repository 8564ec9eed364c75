package dev.banos.mem;

import java.util.ArrayList;
import java.util.List;

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
        List<DirectMappings.Mapping> mappings = DirectMappings.all(domain);
        long bytes = mappings.stream().mapToLong(DirectMappings.Mapping::bytes).sum();
        return new HeapStatistics(slots.heap(), living(slots.sizeClasses(), domain), mappings.size(), bytes, domain.cachedBytes(),
                slots.racedFrees(), domain.budget.figures());
    }

    /** Of a hardened heap the runs do not know which slots are live. */
    static List<HeapStatistics.SizeClass> living(List<HeapStatistics.SizeClass> classes, Domain domain) {
        return domain.hardened == null ? classes : domain.hardened.living(classes);
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
        DirectMappings.all(heap.domain()).forEach(mapping -> list.block(mapping.address(), mapping.bytes()));
        blocks.forEach(block -> visitor.block(block[0], block[1]));
    }
}
