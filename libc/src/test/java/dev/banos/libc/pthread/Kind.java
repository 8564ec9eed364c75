package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** The kinds of thread for which every law must hold. */
enum Kind {
    PLATFORM, VIRTUAL, FOREIGN_PLATFORM, FOREIGN_VIRTUAL;

    /** A thread that runs, and the result that it will have. */
    record Running(long id, Thread thread, CompletableFuture<Long> foreignResult) {
        void cancel() {
            assertThat(foreignResult == null ? Pthread.cancel(id) : Pthread.cancel(thread)).isZero();
        }

        long join() {
            return foreignResult == null ? joinOurs() : foreignResult.join();
        }

        private long joinOurs() {
            try (Arena scope = Arena.ofConfined()) {
                MemorySegment result = scope.allocate(JAVA_LONG);
                assertThat(Pthread.join(id, result)).isZero();
                return result.get(JAVA_LONG, 0);
            }
        }
    }

    Running start(Pthread.Routine routine) {
        return switch (this) {
            case PLATFORM -> ours(Pthread.create(routine, 0));
            case VIRTUAL -> ours(Pthread.createVirtual(routine, 0));
            case FOREIGN_PLATFORM -> foreign(Thread.ofPlatform(), routine);
            case FOREIGN_VIRTUAL -> foreign(Thread.ofVirtual(), routine);
        };
    }

    private static Running ours(long id) {
        assertThat(id).isPositive();
        return new Running(id, PosixThread.threadNamed(id), null);
    }

    private static Running foreign(Thread.Builder builder, Pthread.Routine routine) {
        CompletableFuture<Long> result = new CompletableFuture<>();
        Thread thread = builder.start(() -> {
            try {
                result.complete(Pthread.call(routine, 0));
            } catch (RuntimeException | Error failure) {
                result.completeExceptionally(failure);
            }
        });
        return new Running(thread.threadId(), thread, result);
    }
}
