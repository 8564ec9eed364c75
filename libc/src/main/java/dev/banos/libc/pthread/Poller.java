package dev.banos.libc.pthread;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Waits for file descriptors on behalf of parked threads: one daemon thread, one {@code poll} over what all of them want.
 *
 * <pre>
 *   thread: arriving.add(wait), eventfd += 1, park  ---->  poller: poll({eventfd, fds of all waits})
 *   thread: unparked, wait.result is set            <----  poller: copies revents, unpark
 * </pre>
 *
 * <p>Why no thread blocks in the kernel itself: only a signal could wake it there, a virtual thread would hold its carrier,
 * and an eventfd for each thread would spend two descriptors a wait. The price is a change of threads when a descriptor is
 * not ready at once; one that is ready never comes here. Each round costs in proportion to all that is waited for.
 *
 * <p>A wait that its thread gave up stays in the poller's list until the next round, and its memory is the poller's own.
 */
final class Poller implements Runnable {
    private static volatile @Nullable Poller instance;

    private final Queue<Wait> arriving = new ConcurrentLinkedQueue<>();
    private final List<Wait> waits = new ArrayList<>();
    private final MemorySegment counter = Arena.global().allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment one = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1).asReadOnly();
    private final int eventfd;

    private Poller(int eventfd) {
        this.eventfd = eventfd;
    }

    /** @return 0, or -errno where there is no eventfd to be had (EMFILE, ENFILE, ENOMEM); a later call tries again */
    private static synchronized int start(Tcb tcb) {
        if (instance != null) {
            return 0;
        }
        int eventfd = FileCalls.eventfd(tcb.segment(), 0, Linux.O_CLOEXEC());
        if (SystemCalls.isError(eventfd)) {
            return eventfd;
        }
        Poller poller = new Poller(eventfd);
        Thread.ofPlatform().daemon().name("banos-poller").start(poller);
        instance = poller;
        return 0;
    }

    /** One thread's wish: written by it before it arrives, then by the poller; {@code done} hands it back. */
    private static final class Wait {
        final Thread thread = Thread.currentThread();
        final long[] fds;
        int ready;
        volatile boolean done;
        volatile boolean givenUp;

        Wait(MemorySegment wanted, int count) {
            fds = wanted.asSlice(0, count * pollfd.sizeof()).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
        }

        boolean isDone() {
            return done;
        }

        void finish(int result) {
            ready = result;
            done = true;
            LockSupport.unpark(thread);
        }
    }

    /** @return how many of the {@code count} descriptors are ready, or as {@link Cancellation#await} */
    static int await(Tcb tcb, MemorySegment fds, int count, long deadline) {
        int started = instance != null ? 0 : start(tcb);
        Poller poller = instance;
        return poller != null ? poller.awaitReady(tcb, fds, count, deadline) : started;
    }

    private int awaitReady(Tcb tcb, MemorySegment fds, int count, long deadline) {
        Wait wait = new Wait(fds, count);
        arriving.add(wait);
        ring(tcb);
        int status = Cancellation.await(tcb, wait::isDone, deadline);
        if (status != 0) {
            wait.givenUp = true;
            ring(tcb);
            return status;
        }
        MemorySegment.copy(wait.fds, 0, fds, ValueLayout.JAVA_LONG_UNALIGNED, 0, count);
        return wait.ready;
    }

    private void ring(Tcb tcb) {
        FileCalls.write(tcb.segment(), eventfd, one);
    }

    @Override
    public void run() {
        Tcb tcb = Tcb.current();
        while (true) {
            try {
                takeArrivals();
                waits.removeIf(wait -> wait.givenUp);
                pollOnce(tcb);
            } catch (OutOfMemoryError noRoomForTheList) {
                failAll(-Linux.ENOMEM());
            }
        }
    }

    private void takeArrivals() {
        for (Wait wait = arriving.poll(); wait != null; wait = arriving.poll()) {
            waits.add(wait);
        }
    }

    private void pollOnce(Tcb tcb) {
        int count = 1 + waits.stream().mapToInt(wait -> wait.fds.length).sum();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment fds = scope.allocate(pollfd.layout(), count);
            fillIn(fds);
            int ready = FileCalls.poll(tcb.segment(), fds, count, -1);
            if (ready > 0) {
                deliver(tcb, fds);
            } else if (ready != -Linux.EINTR()) {
                failAll(ready);
            }
        }
    }

    private void fillIn(MemorySegment fds) {
        pollfd.fd(fds, eventfd);
        pollfd.events(fds, (short) Linux.POLLIN());
        long index = 1;
        for (Wait wait : waits) {
            MemorySegment.copy(wait.fds, 0, fds, ValueLayout.JAVA_LONG_UNALIGNED, index * pollfd.sizeof(), wait.fds.length);
            index += wait.fds.length;
        }
    }

    private void deliver(Tcb tcb, MemorySegment fds) {
        if (pollfd.revents(fds) != 0) {
            FileCalls.read(tcb.segment(), eventfd, counter);
        }
        long index = 1;
        for (Iterator<Wait> each = waits.iterator(); each.hasNext(); ) {
            Wait wait = each.next();
            MemorySegment own = fds.asSlice(index * pollfd.sizeof(), wait.fds.length * pollfd.sizeof());
            index += wait.fds.length;
            int ready = countReady(own, wait.fds.length);
            if (ready > 0) {
                MemorySegment.copy(own, ValueLayout.JAVA_LONG_UNALIGNED, 0, wait.fds, 0, wait.fds.length);
                each.remove();
                wait.finish(ready);
            }
        }
    }

    private static int countReady(MemorySegment fds, int count) {
        int ready = 0;
        for (int i = 0; i < count; i++) {
            ready += pollfd.revents(pollfd.asSlice(fds, i)) != 0 ? 1 : 0;
        }
        return ready;
    }

    /** The kernel takes no list of this length (RLIMIT_NOFILE), or has no memory: each thread learns why. */
    private void failAll(int error) {
        waits.forEach(wait -> wait.finish(error));
        waits.clear();
    }
}
