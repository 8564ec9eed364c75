package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.fuzz.mutants.Fault;
import dev.banos.fuzz.mutants.ToyAllocator;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramText;
import dev.banos.fuzz.program.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RaceTest {
    private static final int ROUNDS = 2_000;

    /** Hand-overs both ways, a thread that ends in each round, blocks that are live at its end. */
    @Test
    void aLawfulAllocatorLosesNoRace() {
        Program program = Program.parse("""
                b0 = malloc(100)
                thread 1: free(b0)
                thread 1: b1 = calloc(4, 10)
                thread 1: exit
                b1 = realloc(b1, 200)
                thread 1: b2 = malloc(100)
                thread 2: check(b2)
                thread 2: b3 = malloc(70000)
                """);
        try (AllocatorUnderTest banos = Target.parse("banos:own")) {
            program.requireLawfulInRaces(banos, ROUNDS);
        }
        try (AllocatorUnderTest confined = Target.parse("banos:confined")) {
            program.requireLawfulInRaces(confined, ROUNDS); // not for threads: runs in order
        }
    }

    /** Nothing would have run. */
    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aRaceWithoutRoundsIsRefused(int rounds) {
        Program program = Program.parse("b0 = malloc(100)\n");
        Target banos = Target.of("banos:own");
        assertThatThrownBy(() -> program.requireLawfulInRaces(banos, rounds)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("rounds=" + rounds + ": a race takes 1 or more");
        try (AllocatorUnderTest allocator = banos.open()) {
            assertThatThrownBy(() -> program.requireLawfulInRaces(allocator, rounds)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anAllocatorNotForThreadsRunsOneRound() {
        AtomicInteger calls = new AtomicInteger();
        Target counting = Target.of("counting", () -> new ToyAllocator(Fault.NONE) {
            @Override
            public Promises promises() {
                return super.promises().withoutThreads();
            }

            @Override
            public synchronized long malloc(long size) {
                calls.incrementAndGet();
                return super.malloc(size);
            }
        });
        Program.parse("b0 = malloc(100)\n").requireLawfulInRaces(counting, ROUNDS);
        assertThat(calls).hasValue(1);
    }

    @Test
    void allRoundsAreRun() {
        Progress progress = new Progress();
        Interpreter interpreter = new Interpreter(progress, new Coverage());
        try (AllocatorUnderTest banos = Target.parse("banos:own")) {
            Operations program = ProgramText.parse("b0 = malloc(1)\nthread 1: b1 = malloc(1)\nthread 2: free(b0)\n");
            assertThat(interpreter.race(program, banos, ROUNDS, Long.MAX_VALUE / 2)).isNull();
            assertThat(progress.round()).isEqualTo(ROUNDS);
        }
    }

    /** On a machine where one race ends before its rounds are run. */
    @Test
    void aRaceThatEndsTooSoonIsGoneOnWith() {
        AtomicInteger races = new AtomicInteger();
        List<Integer> asked = new ArrayList<>();
        Violation violation = new Violation(Law.CONTENTS, 0, "");
        assertThat(KnownProgram.race(left -> {
            asked.add(left);
            return races.incrementAndGet() == 3 ? violation : null;
        }, () -> 400, ROUNDS)).isSameAs(violation);
        assertThat(asked).containsExactly(ROUNDS, ROUNDS - 400, ROUNDS - 800);
    }

    @Test
    void theRoundThatRunsWhenTheTimeIsOverIsTheLast() {
        Progress progress = new Progress();
        Interpreter interpreter = new Interpreter(progress, new Coverage());
        try (AllocatorUnderTest banos = Target.parse("banos:own")) {
            Operations program = ProgramText.parse("b0 = malloc(1)\nthread 1: b1 = malloc(1)\nthread 2: free(b0)\n");
            assertThat(interpreter.race(program, banos, ROUNDS, -1)).isNull();
            assertThat(progress.round()).isEqualTo(1);
        }
    }
}
