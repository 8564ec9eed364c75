package dev.banos.fuzz;

import java.util.ArrayList;
import java.util.List;

/**
 * What is to be done where the process is ended from outside, in the order in which it was added. Hooks of the JVM would run at the same
 * time: one would delete the files that are still in use while another tells what was found.
 */
final class AtExit {
    private static final List<Runnable> ACTIONS = new ArrayList<>();
    private static boolean installed;
    private static boolean begun;

    private AtExit() {
    }

    /** @throws IllegalStateException if the process is ending already */
    static synchronized void add(Runnable action) {
        if (!installed) {
            Runtime.getRuntime().addShutdownHook(new Thread(AtExit::end, "banos-fuzz-exit"));
            installed = true;
        }
        if (begun) {
            throw new IllegalStateException("the process is ending");
        }
        ACTIONS.add(action);
    }

    /** {@return false if the process is ending, so that the action has run or will} */
    static synchronized boolean remove(Runnable action) {
        ACTIONS.removeIf(added -> added == action);
        return !begun;
    }

    static synchronized boolean hasBegun() {
        return begun;
    }

    private static void end() {
        run(begin());
    }

    private static synchronized List<Runnable> begin() {
        begun = true;
        return List.copyOf(ACTIONS);
    }

    /** Each of them, also after one that fails, of which the JVM tells. */
    static void run(List<Runnable> actions) {
        if (!actions.isEmpty()) {
            try {
                actions.getFirst().run();
            } finally {
                run(actions.subList(1, actions.size()));
            }
        }
    }
}
