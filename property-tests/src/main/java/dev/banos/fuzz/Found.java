package dev.banos.fuzz;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a campaign has found: the shortest program of each kind, and no more than a few of a law. Any thread may look. */
final class Found {
    private static final int FINDINGS_OF_A_LAW = 3;
    private static final int MOST_FINDINGS = 16;

    private final Map<Law, Integer> ofLaw = new HashMap<>();
    private final Map<String, Finding> ofKind = new ConcurrentHashMap<>();
    private volatile double first = Double.NaN;

    int count() {
        return ofKind.size();
    }

    boolean isEmpty() {
        return ofKind.isEmpty();
    }

    boolean isEnough() {
        return count() >= MOST_FINDINGS;
    }

    /** Whether more findings of this law would tell nothing new. */
    boolean isEnoughOf(Law law) {
        return ofLaw.getOrDefault(law, 0) >= FINDINGS_OF_A_LAW;
    }

    /** The seconds at which the first one broke its law; NaN before. */
    double first() {
        return first;
    }

    /** In the order of the tries. */
    List<Finding> all() {
        return ofKind.values().stream().sorted(Comparator.comparingLong(Finding::tryNumber)).toList();
    }

    /**
     * @param law what broke first: the shrunk program may break another one
     * @param seconds when it broke
     * @return whether it is the first of its kind, or shorter than the one before
     */
    boolean add(Finding finding, Law law, double seconds) {
        ofLaw.merge(law, 1, Integer::sum);
        first = Double.isNaN(first) ? seconds : first;
        return ofKind.merge(finding.kind(), finding, Found::shorter) == finding;
    }

    static Finding shorter(Finding one, Finding other) {
        return other.program().length() < one.program().length() ? other : one;
    }
}
