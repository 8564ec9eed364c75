package dev.banos.libc.pthread;

import org.jspecify.annotations.Nullable;

/** One handler on its thread's clean-up stack, see {@link Pthread#cleanupPush}. Used by that thread only. */
public final class CleanUp implements AutoCloseable {
    final @Nullable CleanUp below;
    private final PosixThread owner;
    private final Pthread.Handler handler;
    private final long argument;

    CleanUp(PosixThread owner, Pthread.Handler handler, long argument, @Nullable CleanUp below) {
        this.owner = owner;
        this.handler = handler;
        this.argument = argument;
        this.below = below;
    }

    /**
     * Pops the handler, and runs it if the thread is ending. Does nothing if the handler is no longer pushed.
     *
     * @throws IllegalStateException where a handler pushed later is still there, or another thread calls
     */
    @Override
    public void close() {
        owner.closed(this);
    }

    void run() {
        handler.cleanUp(argument);
    }
}
