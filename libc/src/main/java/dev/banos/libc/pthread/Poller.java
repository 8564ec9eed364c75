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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * not ready at once; one that is ready never comes here. Each round costs in proportion to all that is waited for. A
 * descriptor stands in the kernel's list once, whoever waits for it, and a negative one, which poll takes no notice of, not at all: so
 * the list is never longer than RLIMIT_NOFILE, unless that has been lowered since. Then the kernel refuses the list, and each wait is
 * asked for alone, at most a hundred times a second.
 *
 * <p>A wait that its thread gave up stays in the poller's list until the next round, and its memory is the poller's own.
 */
final class Poller implements Runnable {
    private static final int POLLNVAL = 0x20; // of poll.h
    /** What the kernel reports whether it was asked for or not. */
    private static final int UNASKED = Linux.POLLERR() | Linux.POLLHUP() | POLLNVAL;

    private static final int BETWEEN_ASKING_MILLIS = 10;

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
        Thread.ofPlatform().daemon().name("banos-poller").inheritInheritableThreadLocals(false).start(poller);
        instance = poller;
        return 0;
    }

    /** One thread's wish: written by it before it arrives, then by the poller; {@code done} hands it back. */
    private static final class Wait {
        final Thread thread = Thread.currentThread();
        final MemorySegment fds;
        final int count;
        int ready;
        volatile boolean done;
        volatile boolean givenUp;

        Wait(MemorySegment wanted, int count) {
            this.fds = MemorySegment.ofArray(wanted.asSlice(0, count * pollfd.sizeof()).toArray(ValueLayout.JAVA_LONG_UNALIGNED));
            this.count = count;
        }

        MemorySegment fd(int i) {
            return pollfd.asSlice(fds, i);
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
        MemorySegment.copy(wait.fds, 0, fds, 0, count * pollfd.sizeof());
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
        for (Wait wait = arriving.peek(); wait != null; wait = arriving.peek()) {
            waits.add(wait);
            arriving.remove(); // not before it is in the list
        }
    }

    private void pollOnce(Tcb tcb) {
        Map<Integer, Integer> places = places();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment fds = scope.allocate(pollfd.layout(), places.size());
            fillIn(fds, places);
            int ready = FileCalls.poll(tcb.segment(), fds, places.size(), -1);
            if (ready > 0) {
                hear(tcb, fds);
                deliver(fds, places);
            } else if (ready == -Linux.EINVAL()) {
                askEachAlone(tcb, fds);
            } else if (ready != -Linux.EINTR()) {
                failAll(ready);
            }
        }
    }

    /** Where in the list each descriptor stands, the eventfd first. */
    private Map<Integer, Integer> places() {
        Map<Integer, Integer> places = new HashMap<>();
        places.put(eventfd, 0);
        for (Wait wait : waits) {
            for (int i = 0; i < wait.count; i++) {
                int fd = pollfd.fd(wait.fd(i));
                if (fd >= 0) {
                    places.putIfAbsent(fd, places.size());
                }
            }
        }
        return places;
    }

    private void fillIn(MemorySegment fds, Map<Integer, Integer> places) {
        places.forEach((fd, place) -> pollfd.fd(pollfd.asSlice(fds, place), fd));
        pollfd.events(fds, (short) Linux.POLLIN());
        for (Wait wait : waits) {
            for (int i = 0; i < wait.count; i++) {
                Integer place = places.get(pollfd.fd(wait.fd(i)));
                if (place != null) {
                    MemorySegment shared = pollfd.asSlice(fds, place);
                    pollfd.events(shared, (short) (pollfd.events(shared) | pollfd.events(wait.fd(i))));
                }
            }
        }
    }

    private void hear(Tcb tcb, MemorySegment fds) {
        if (pollfd.revents(fds) != 0) {
            FileCalls.read(tcb.segment(), eventfd, counter);
        }
    }

    /** The list is too long for the kernel. A wait that is too long alone learns of it; the others have done nothing wrong. */
    private void askEachAlone(Tcb tcb, MemorySegment fds) {
        waits.removeIf(wait -> {
            int ready = pollAlone(tcb, wait);
            if (ready != 0 && ready != -Linux.EINTR()) {
                wait.finish(ready);
            }
            return wait.done;
        });
        if (FileCalls.poll(tcb.segment(), fds, 1, BETWEEN_ASKING_MILLIS) > 0) {
            hear(tcb, fds);
        }
    }

    private static int pollAlone(Tcb tcb, Wait wait) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment own = scope.allocate(pollfd.layout(), wait.count).copyFrom(wait.fds);
            int ready = FileCalls.poll(tcb.segment(), own, wait.count, 0);
            wait.fds.copyFrom(own);
            return ready;
        }
    }

    private void deliver(MemorySegment fds, Map<Integer, Integer> places) {
        waits.removeIf(wait -> {
            int ready = takeReady(wait, fds, places);
            if (ready > 0) {
                wait.finish(ready);
            }
            return ready > 0;
        });
    }

    /** @return how many of the descriptors are ready for what this wait wants of them */
    private static int takeReady(Wait wait, MemorySegment fds, Map<Integer, Integer> places) {
        int ready = 0;
        for (int i = 0; i < wait.count; i++) {
            MemorySegment own = wait.fd(i);
            Integer place = places.get(pollfd.fd(own));
            int revents = place == null ? 0 : pollfd.revents(pollfd.asSlice(fds, place)) & (pollfd.events(own) | UNASKED);
            pollfd.revents(own, (short) revents);
            ready += revents != 0 ? 1 : 0;
        }
        return ready;
    }

    /** There is no memory: each thread learns why. */
    private void failAll(int error) {
        waits.forEach(wait -> wait.finish(error));
        waits.clear();
    }
}
