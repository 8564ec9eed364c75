package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Attack.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Commits every mistake of {@link Attack} many times in a plain and in a hardened heap, with small, medium and large blocks,
 * and holds the table in docs/hardening.md to what comes of it.
 */
@Timeout(300)
class ScorecardTest {
    private static final long[] SIZES = {8, 4096, 256 << 10};
    private static final int TRIALS = 200;
    /** Where the share of one outcome is so near to that of "nearly all" that chance could decide, so many trials more do. */
    private static final int FURTHER_TRIALS = 1800;
    /** What is found nearly always is found in 98.5 of 100, and what is found often in 89. */
    private static final double NEARLY_ALL = 0.95;
    private static final double UNSURE_FROM = 0.92;
    private static final double SURE_FROM = 0.985;

    @Test
    void theTableInTheDocumentsIsTrue() throws IOException {
        String table = Arrays.stream(Attack.values()).map(ScorecardTest::line).collect(Collectors.joining("\n"));
        assertThat(Files.readString(Path.of("docs/hardening.md"))).contains(table);
    }

    private static String line(Attack attack) {
        List<String> cells = new ArrayList<>(List.of(attack.title()));
        for (Hardening hardening : List.of(Hardening.NONE, Hardening.ALL.withSample(0))) {
            for (long size : attack.isSized() ? SIZES : new long[] {SIZES[0]}) {
                cells.add(score(attack, hardening, size));
            }
            for (int blank = attack.isSized() ? SIZES.length : 1; blank < SIZES.length; blank++) {
                cells.add("");
            }
        }
        cells.addAll(attack.others());
        return cells.stream().map(cell -> cell.isEmpty() ? " |" : " " + cell + " |").collect(Collectors.joining("", "|", ""));
    }

    /** What came of nearly all trials; or "often", for what does not go unnoticed, but not for sure. */
    private static String score(Attack attack, Hardening hardening, long size) {
        Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
        int trials = TRIALS;
        attempt(attack, hardening, size, TRIALS, counts);
        double most = (double) Collections.max(counts.values()) / TRIALS;
        if (most >= UNSURE_FROM && most < SURE_FROM) {
            attempt(attack, hardening, size, FURTHER_TRIALS, counts);
            trials += FURTHER_TRIALS;
        }
        for (Outcome each : Outcome.values()) {
            if (counts.getOrDefault(each, 0) >= NEARLY_ALL * trials) {
                return each.word;
            }
        }
        return counts.getOrDefault(Outcome.NOT, 0) < trials * 3 / 4 ? "often" : Outcome.NOT.word;
    }

    private static void attempt(Attack attack, Hardening hardening, long size, int trials, Map<Outcome, Integer> counts) {
        for (int trial = 0; trial < trials; trial++) {
            counts.merge(attempt(attack, hardening, size), 1, Integer::sum);
        }
    }

    private static Outcome attempt(Attack attack, Hardening hardening, long size) {
        Heap heap = Heap.create(HeapOptions.shared().hardened(hardening));
        try {
            return attack.commit(heap, size);
        } catch (InvalidBlockException caught) {
            return Outcome.CAUGHT;
        } finally {
            closeWhateverIsDamaged(heap);
        }
    }

    private static void closeWhateverIsDamaged(Heap heap) {
        try {
            heap.close();
        } catch (CorruptBlockException known) {
            assertThat(known.freed()).isFalse();
        }
    }
}
