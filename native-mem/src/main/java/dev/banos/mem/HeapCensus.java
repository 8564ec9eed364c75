package dev.banos.mem;

import dev.banos.mem.insight.HeapFigures;
import dev.banos.mem.mappings.MappingCache;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Run;
import dev.banos.mem.slots.RunTable;
import dev.banos.mem.slots.SlotCounts;
import dev.banos.mem.system.Budget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts all heaps from outside, by the table of runs and the registry of mappings. So no heap need be known by name, none
 * is kept from the garbage collector, no pool is locked, and the threads that own them go on: of what they do meanwhile the
 * count is as exact as the moment allows. A heap that holds no run, no mapping and none in its cache, nor has a child that does, is
 * not in it.
 */
final class HeapCensus {
    private HeapCensus() {
    }

    /** Most reserved bytes first. */
    static List<HeapFigures> now() {
        Map<Budget, List<Run>> runs = new HashMap<>();
        RunTable.all().forEach(run -> runs.computeIfAbsent(run.owner.domain.budget, _ -> new ArrayList<>()).add(run));
        Map<Budget, List<MappingRegistry.Mapping>> mappings = new HashMap<>();
        MappingRegistry.all(any -> true)
                .forEach(each -> mappings.computeIfAbsent(each.owner().budget, _ -> new ArrayList<>()).add(each));
        Map<Budget, Long> cached = MappingCache.bytesByBudget();
        Set<Budget> heaps = new HashSet<>(runs.keySet());
        heaps.addAll(mappings.keySet());
        heaps.addAll(cached.keySet());
        List.copyOf(heaps).forEach(heap -> addParents(heap, heaps));
        return heaps.stream()
                .map(heap -> figures(heap, runs.getOrDefault(heap, List.of()), mappings.getOrDefault(heap, List.of()),
                        cached.getOrDefault(heap, 0L)))
                .sorted(Comparator.comparingLong(HeapFigures::reservedBytes).reversed().thenComparing(HeapFigures::heap))
                .toList();
    }

    private static void addParents(Budget heap, Set<Budget> heaps) {
        for (Budget above = heap.parent(); above != null; above = above.parent()) {
            heaps.add(above);
        }
    }

    private static HeapFigures figures(Budget heap, List<Run> runs, List<MappingRegistry.Mapping> mappings, long cachedBytes) {
        long mappedBytes = mappings.stream().mapToLong(MappingRegistry.Mapping::bytes).sum();
        List<HeapStatistics.SizeClass> classes = HeapContents.living(SlotCounts.of(runs.toArray(Run[]::new)), HardenedBlocks.of(heap));
        return new HeapStatistics(heap.heap(), classes, mappings.size(), mappedBytes, cachedBytes, 0, HeapBudget.of(heap)).figures();
    }
}
