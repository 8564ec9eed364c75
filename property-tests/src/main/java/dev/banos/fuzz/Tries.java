package dev.banos.fuzz;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** The programs of a campaign by their numbers: each is made from the seed alone, in whatever order they are asked for. */
final class Tries {
    private final Settings settings;
    private final Generator generator;
    private final @Nullable Mutator mutator;

    Tries(Settings settings, Promises promises) {
        this.settings = settings;
        generator = new Generator(promises, settings.maxOperations(), settings.maxThreads());
        mutator = settings.example() == null ? null : new Mutator(settings.example(), promises, settings.maxOperations());
    }

    /** Valid until the next call. */
    Program program(long number) {
        return mutator != null && settings.startsFromExample(number) ? mutator.mutate(settings.seedOf(number))
                : generator.generate(settings.seedOf(number), settings.runsFreely(number));
    }

    Runner.Mode mode(long number) {
        return settings.runsFreely(number) ? Runner.Mode.FREELY : Runner.Mode.LOCKSTEP;
    }

    /**
     * All programs of these tries as one, each freeing what it left live; a single one as it is. Where an image does not hold them
     * all, the first are left out.
     */
    Program history(long first, long last) {
        if (first == last) {
            return program(first).copy();
        }
        Deque<Program> programs = new ArrayDeque<>();
        long room = ProgramImage.LARGEST_LENGTH;
        for (long number = last; number >= first && room >= 0; number--) {
            Program program = program(number).copy();
            room -= program.length() + program.slots();
            if (room >= 0) {
                programs.addFirst(program);
            }
        }
        Program all = new Program(1 << 10);
        programs.forEach(all::append);
        return all;
    }
}
