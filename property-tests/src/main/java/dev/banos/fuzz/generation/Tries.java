package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The programs of a campaign by their numbers: each is made from the seed alone, in whatever order they are asked for. */
public final class Tries {
    private final Settings settings;
    private final Generator generator;
    private final @Nullable Mutator mutator;

    public Tries(Settings settings, Repertoire repertoire) {
        this.settings = settings;
        generator = new Generator(repertoire, settings.maxOperations(), settings.maxThreads());
        mutator = settings.example() == null ? null : new Mutator(settings.example(), repertoire, settings.maxOperations(), settings.maxThreads());
    }

    /** Valid until the next call. */
    public Operations program(long number) {
        return mutator != null && settings.startsFromExample(number) ? mutator.mutate(settings.seedOf(number))
                : generator.generate(settings.seedOf(number), settings.runsFreely(number));
    }

    public Mode mode(long number) {
        return settings.runsFreely(number) ? Mode.FREELY : Mode.LOCKSTEP;
    }

    /**
     * All programs of these tries as one, each freeing what it left live; a single one as it is. Where an image does not hold them
     * all, the first are left out.
     */
    public Operations history(long first, long last) {
        if (first == last) {
            return program(first).copy();
        }
        Deque<Operations> programs = new ArrayDeque<>();
        long room = ProgramImage.LARGEST_LENGTH;
        for (long number = last; number >= first && room >= 0; number--) {
            Operations program = program(number).copy();
            room -= program.length() + program.slots();
            if (room >= 0) {
                programs.addFirst(program);
            }
        }
        Operations all = new Operations(1 << 10);
        programs.forEach(all::append);
        return all;
    }
}
