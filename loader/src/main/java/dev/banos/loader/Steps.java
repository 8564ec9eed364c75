package dev.banos.loader;

import dev.banos.loader.link.PhaseClock;
import dev.banos.loader.link.PhaseClock.Phase;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells a listener of the phases of one installation or link, and whose they are. */
final class Steps implements PhaseClock.Listener {
    /** Null where nobody listens. */
    private final @Nullable Consumer<LoadStep> listener;
    private String file = "";
    private int number;
    private int count;

    Steps(@Nullable Consumer<LoadStep> listener) {
        this.listener = listener;
    }

    /** What follows is about that many. */
    void about(int files) {
        count = files;
        number = 0;
    }

    void next(String name) {
        file = name;
        number++;
    }

    @Override
    public void ended(Phase phase, long nanos) {
        if (listener != null) {
            listener.accept(new LoadStep(file, number, count, LoadReport.Phase.of(phase, nanos)));
        }
    }
}
