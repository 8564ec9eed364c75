package dev.banos.loader.whole;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.loader.CCompiler;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Objects and archives drawn at random, with all that linkers have rules for: which members are taken, which definition a name means,
 * what is hidden, indirect, absolute, thread-local or one of a group, where sections begin and end, what runs at the start and at the end.
 * What each object then sees is what it sees in the program or shared object that GNU ld makes, or lld.
 *
 * <p>{@code -Dbanos.links.trials=N} asks for as many, {@code -Dbanos.links.seed=S} for those that begin with seed S.
 */
@OnX8664
class WholeLinksTest {
    private static final long FIRST_SEED = Long.getLong("banos.links.seed", new Random().nextInt());
    /** Linked in one process, one after the other. */
    private static final int BATCH = 25;

    @TempDir
    Path folder;

    @BeforeAll
    static void requireLinkers() {
        List.of("gcc", "clang", "ar", "ld.bfd", "ld.lld").forEach(CCompiler::requireProgram);
    }

    @Test
    void everyObjectSeesWhatItSeesInAProgram() throws IOException, InterruptedException {
        compare(Integer.getInteger("banos.links.trials", 12));
    }

    @Test
    @Tag("campaign")
    void everyObjectSeesWhatItSeesInAProgramByTheThousand() throws IOException, InterruptedException {
        int trials = Integer.getInteger("banos.links.trials", 3_000);
        System.out.println(compare(trials) + " of " + trials + " links compared");
    }

    /** @return on how many of them GNU ld had an answer */
    private int compare(int trials) throws IOException, InterruptedException {
        LinkTrials links = new LinkTrials(folder);
        List<String> differences = new ArrayList<>();
        int decided = 0;
        int linked = 0;
        for (long first = FIRST_SEED; first < FIRST_SEED + trials && differences.isEmpty(); first += BATCH) {
            long[] seeds = LongStream.range(first, Math.min(first + BATCH, FIRST_SEED + trials)).toArray();
            List<LinkTrials.Tried> tried = links.trial(LongStream.of(seeds).mapToObj(LinkDraw::draw).toList());
            for (int i = 0; i < seeds.length; i++) {
                Verdict verdict = tried.get(i).verdict();
                decided += verdict.isDecided() ? 1 : 0;
                linked += verdict.isDecided() && !verdict.isRefusal() ? 1 : 0;
                if (verdict.differs() && differences.isEmpty()) {
                    LinkTrials.Tried smallest = links.smallest(tried.get(i));
                    differences.add("seed " + seeds[i] + "\n" + smallest.link() + smallest.verdict());
                }
            }
        }
        assertThat(differences).isEmpty();
        assertThat(linked).as("links from seed %d that were compared and not refused", FIRST_SEED).isGreaterThan(trials / 25);
        return decided;
    }
}
