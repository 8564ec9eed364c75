package dev.banos.samples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.samples.command.CommandEnd;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** getopt drives the command: neither the order of the options nor their spelling changes what is meant. */
class FuzzOptionsPropertiesTest {
    @Property(tries = 300)
    void orderAndSpellingDoNotMatter(@ForAll long seed, @ForAll @LongRange(min = 1) long tries,
            @ForAll @IntRange(min = 1, max = 8) int threads, @ForAll @IntRange(min = 1, max = 9999) int seconds,
            @ForAll boolean keepGoing, @ForAll Random random) throws CommandEnd {
        List<String[]> options = new ArrayList<>(List.of(new String[] {"--target", "lib.so:p_"},
                new String[] {"--seed", Long.toString(seed)}, new String[] {"--tries", Long.toString(tries)},
                new String[] {"--threads", Integer.toString(threads)}, new String[] {"--time", seconds + "s"},
                new String[] {"--report", "folder"}, new String[] {"--shard", "2/5"}));
        if (keepGoing) {
            options.add(new String[] {"--keep-going"});
        }
        Collections.shuffle(options, random);
        List<String> words = new ArrayList<>();
        options.forEach(option -> spell(option, words, random));
        FuzzOptions parsed = FuzzOptions.parse(words.toArray(String[]::new), System.out, System.err);
        assertThat(parsed.target).isEqualTo("lib.so:p_");
        assertThat(parsed.seed).isEqualTo(seed);
        assertThat(parsed.tries).isEqualTo(tries);
        assertThat(parsed.threads).isEqualTo(threads);
        assertThat(parsed.time).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(parsed.report).isEqualTo(Path.of("folder"));
        assertThat(parsed.shard).isEqualTo(2);
        assertThat(parsed.shards).isEqualTo(5);
        assertThat(parsed.keepGoing).isEqualTo(keepGoing);
    }

    /** In full or as short as it is clear, with its value in the same word or in the next. */
    private static void spell(String[] option, List<String> words, Random random) {
        boolean shortened = random.nextBoolean();
        String name = shortened ? option[0].substring(0, option[0].length() - 2) : option[0];
        if (option.length == 1) {
            words.add(name);
        } else if (random.nextBoolean()) {
            words.add(name + "=" + option[1]);
        } else {
            Collections.addAll(words, name, option[1]);
        }
    }
}
