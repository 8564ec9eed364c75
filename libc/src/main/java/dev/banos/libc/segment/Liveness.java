package dev.banos.libc.segment;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Whether a segment's memory may be addressed through {@code Native.EVERYTHING}, which no scope guards.
 *
 * <pre>
 *   scope                        who can end it during our call         certain
 *   global                       nobody                                 yes
 *   confined, and we own it      this thread, which is busy here        yes
 *   confined to another thread   its owner                              no: touching the segment throws
 *   shared                       any thread                             no
 *   automatic                    the garbage collector                  no: a public method cannot tell it from shared
 *   any, closed                                                         no: touching the segment throws
 * </pre>
 */
public final class Liveness {
    private static final MemorySegment.Scope GLOBAL = Arena.global().scope();

    /** Never started, so it is not the owner of any scope: whoever lets it in lets everyone in. */
    private static final Thread NOBODY = Thread.ofPlatform().name("nobody").inheritInheritableThreadLocals(false).unstarted(() -> { });

    private Liveness() {
    }

    /**
     * Refuses a segment that the calling thread may not touch now, empty or not.
     *
     * @throws IllegalStateException if its scope is closed
     * @throws WrongThreadException if it is confined to another thread
     */
    public static void requireAccessible(String name, MemorySegment segment) {
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(name + ".scope().isAlive()=false: the scope of the segment is closed");
        }
        if (!segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(name + " is confined to another thread");
        }
    }

    /** True if the scope of {@code segment} is the global one, which is open to all and never ends. */
    public static boolean isGlobal(MemorySegment segment) {
        return segment.scope() == GLOBAL;
    }

    /** True if {@code segment} is native and nothing can end its life before the caller's thread does something else. */
    public static boolean isCertain(MemorySegment segment) {
        if (!segment.isNative()) {
            return false;
        }
        MemorySegment.Scope scope = segment.scope();
        return scope == GLOBAL
                || segment.isAccessibleBy(Thread.currentThread()) && !segment.isAccessibleBy(NOBODY) && scope.isAlive();
    }
}
