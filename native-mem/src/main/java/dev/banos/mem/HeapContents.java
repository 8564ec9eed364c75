package dev.banos.mem;

import java.util.ArrayList;
import java.util.List;

/** What lives in one heap: counted, and shown block by block. */
final class HeapContents {
    private HeapContents() {
    }

    /** As {@link Heap#statistics} has it. */
    static HeapStatistics statistics(Heap heap) {
        return withMappings(heap.inside(SlotPool::statistics, SharedPools::statistics), heap.domain());
    }

    /** @param slots of all pools of the domain */
    static HeapStatistics withMappings(HeapStatistics slots, Domain domain) {
        List<DirectMappings.Mapping> mappings = DirectMappings.all(domain);
        long bytes = mappings.stream().mapToLong(DirectMappings.Mapping::bytes).sum();
        return new HeapStatistics(slots.heap(), slots.sizeClasses(), mappings.size(), bytes, domain.cachedBytes(),
                slots.racedFrees(), domain.budget.figures());
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
        DirectMappings.all(heap.domain()).forEach(mapping -> list.block(mapping.address(), mapping.bytes()));
        blocks.forEach(block -> visitor.block(block[0], block[1]));
    }
}
