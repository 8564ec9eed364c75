package dev.banos.fuzz.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class GeneratorPropertiesTest {
    private static final Repertoire EVERYTHING = new Repertoire(2 << 20, true, false, true, false);

    @Property(tries = 100)
    void equalSeedsMakeEqualPrograms(@ForAll long seed) {
        String first = new Generator(EVERYTHING, 500, 4).generate(seed, false).toString();
        assertThat(new Generator(EVERYTHING, 500, 4).generate(seed, false)).hasToString(first);
    }

    @Property(tries = 100)
    void programsKeepToTheirLengthAndThreads(@ForAll long seed) {
        Operations program = new Generator(EVERYTHING, 100, 1).generate(seed, false);
        assertThat(program.isThreaded()).isFalse();
        assertThat(program.length()).isBetween(1, 100 + 2048); // the last action may be a long one
    }

    /** Of the last programs, as many as an image holds: what fails is among them. */
    @Example
    void aHistoryEndsWithItsLastProgram() {
        Settings settings = new Settings(5, ProgramImage.LARGEST_LENGTH / Settings.EPOCH, 1, null);
        Tries tries = new Tries(settings, EVERYTHING);
        Operations history = tries.history(0, 1023);
        assertThat(history.length()).isLessThanOrEqualTo(ProgramImage.LARGEST_LENGTH).isGreaterThan(ProgramImage.LARGEST_LENGTH / 2);
        assertThat(history.toString()).contains(tries.history(1023, 1023).toString());
    }
}
