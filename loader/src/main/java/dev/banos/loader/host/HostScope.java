package dev.banos.loader.host;

import dev.banos.loader.link.Remains;
import java.lang.foreign.Arena;
import java.util.List;

/** How long the host's functions can be called: until the loader is closed, and none of its modules is left that may call them. */
public final class HostScope extends Remains implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final HostGates gates = new HostGates();

    Arena arena() {
        return arena;
    }

    HostGates gates() {
        return gates;
    }

    /** Ends them as soon as nobody may call them any more. */
    @Override
    public void close() {
        leave(List.of());
    }

    @Override
    protected void end() {
        gates.unmap();
        arena.close();
    }
}
