package dev.banos.fuzz.generation;

import dev.banos.fuzz.program.Random64;
import java.util.Arrays;

/**
 * How often each action comes in one program. Each program draws its own: a uniform mixture reaches neither a full arena nor
 * an empty one.
 */
final class Mixture {
    enum Action {
        ALLOCATE, ALLOCATE_ALIGNED, FREE_NEWEST, FREE_OLDEST, FREE_ANY, RESIZE, REPLACE, CHECK, FILL, CHECKERBOARD, DRAIN,
        GROW_CHAIN, CROSS, ZERO, IMPOSSIBLE, MISALIGNED, WRONG_FREE, CLOSE, SWITCH_THREAD, EXIT_THREAD
    }

    private static final Action[] ACTIONS = Action.values();

    private final Repertoire repertoire;
    private final int[] weights = new int[ACTIONS.length];
    private int total;

    Mixture(Repertoire repertoire) {
        this.repertoire = repertoire;
    }

    /** Forgets the last one. */
    void draw(Random64 random, int threads, boolean freely, boolean closes) {
        for (Action action : ACTIONS) {
            weights[action.ordinal()] = base(action, freely, closes) * (1 + random.below(4)) / (1 + random.below(3));
        }
        if (threads > 1) {
            weights[Action.SWITCH_THREAD.ordinal()] = freely ? 60 : 12;
            weights[Action.EXIT_THREAD.ordinal()] = 1;
        }
        total = Arrays.stream(weights).sum();
    }

    private int base(Action action, boolean freely, boolean closes) {
        return switch (action) {
            case ALLOCATE -> 60;
            case FREE_ANY, RESIZE -> 25;
            case FREE_NEWEST, FREE_OLDEST, REPLACE -> 12;
            case ALLOCATE_ALIGNED -> repertoire.largestAlignment() == 0 ? 0 : 6;
            case CHECK -> 8;
            case ZERO, IMPOSSIBLE -> 2;
            case FILL, CHECKERBOARD, GROW_CHAIN, CROSS, DRAIN -> 1;
            case MISALIGNED -> repertoire.wrongAlignments() && repertoire.largestAlignment() > 0 ? 1 : 0;
            case WRONG_FREE -> repertoire.wrongFrees() && !freely ? 2 : 0;
            case CLOSE -> closes && !freely ? 1 : 0;
            case SWITCH_THREAD, EXIT_THREAD -> 0;
        };
    }

    Action pick(Random64 random) {
        int draw = random.below(total);
        int action = 0;
        while (draw >= weights[action]) {
            draw -= weights[action++];
        }
        return ACTIONS[action];
    }
}
