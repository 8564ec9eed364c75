package dev.banos.mem;

import dev.banos.mem.insight.HeapFigures;
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
        Map<Domain, List<Run>> runs = new HashMap<>();
        RunTable.all().forEach(run -> runs.computeIfAbsent(run.owner.domain, _ -> new ArrayList<>()).add(run));
        Map<Domain, List<DirectMappings.Mapping>> mappings = new HashMap<>();
        DirectMappings.all().forEach(each -> mappings.computeIfAbsent(each.domain(), _ -> new ArrayList<>()).add(each));
        Set<Domain> domains = new HashSet<>(runs.keySet());
        domains.addAll(mappings.keySet());
        domains.addAll(MappingCache.domainsThatKeep());
        List.copyOf(domains).forEach(domain -> addParents(domain, domains));
        return domains.stream()
                .map(domain -> figures(domain, runs.getOrDefault(domain, List.of()), mappings.getOrDefault(domain, List.of())))
                .sorted(Comparator.comparingLong(HeapFigures::reservedBytes).reversed().thenComparing(HeapFigures::heap))
                .toList();
    }

    private static void addParents(Domain domain, Set<Domain> domains) {
        for (Domain above = domain.parent; above != null; above = above.parent) {
            domains.add(above);
        }
    }

    private static HeapFigures figures(Domain domain, List<Run> runs, List<DirectMappings.Mapping> mappings) {
        long mappedBytes = mappings.stream().mapToLong(DirectMappings.Mapping::bytes).sum();
        List<HeapStatistics.SizeClass> classes = HeapContents.living(SlotPool.sizeClasses(runs.toArray(Run[]::new)), domain);
        HeapStatistics statistics = new HeapStatistics(domain.toString(), classes, mappings.size(), mappedBytes,
                domain.cachedBytes(), 0, domain.budget.figures());
        return new HeapFigures(statistics.heap(), statistics.liveBlocks(), statistics.liveBytes(), statistics.reservedBytes(),
                statistics.mappings(), statistics.mappedBytes(), statistics.cachedBytes(), statistics.budget().limitBytes(),
                statistics.budget().usedBytes(), statistics.budget().peakBytes(),
                statistics.sizeClasses().stream().map(HeapCensus::figures).toList());
    }

    private static HeapFigures.OfSizeClass figures(HeapStatistics.SizeClass each) {
        return new HeapFigures.OfSizeClass(each.slotBytes(), each.runs(), each.slots(), each.live(), each.spanBytes());
    }
}
