package dev.banos.libc.pthread;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.libc.segment.Liveness;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;

/**
 * Calls that wait, and that are cancellation points: a cancel ends the wait and the call does not return. So is
 * {@link Pthread#join}.
 *
 * <p>An interrupt of the calling thread ends the wait with EINTR, and the thread stays interrupted: nothing here clears it.
 * A virtual thread that waits releases its carrier. Each method returns its value or {@code -errno}, with errno set.
 *
 * <p>A segment on the Java heap, one that is read-only where the call writes, or one too small is an
 * {@link IllegalArgumentException}, a closed scope an {@link IllegalStateException}, another thread's a
 * {@link WrongThreadException}: all before anything is waited for or touched.
 */
public final class BlockingCalls {
    /** What a pipe takes whole as soon as it is ready to be written (limits.h); more could block in the kernel. */
    private static final int PIPE_BUF = 4096;
    private static final long NANOS_A_MILLI = 1_000_000;

    private BlockingCalls() {
    }

    /**
     * Waits until there is something to read, and reads it. If no bytes are asked for, it returns 0 at once. It also waits if the
     * descriptor has O_NONBLOCK, which a descriptor needs from which several threads read: without it, a thread whose bytes another
     * has taken blocks in the kernel, where no cancel reaches it.
     *
     * @param fd an open file descriptor
     * @param into where the bytes go; as many as fit are asked for
     * @return how many bytes were read, 0 at the end, or {@code -errno}
     */
    public static long read(int fd, MemorySegment into) {
        requireWritable("into", into);
        return Cancellation.act(readOrCanceled(fd, into));
    }

    /**
     * Writes all of {@code from}, waiting as often as need be. A cancel or an interrupt that comes after the first bytes have
     * gone ends the call with their number, and acts at the next cancellation point.
     *
     * @param fd an open file descriptor
     * @param from the bytes, all of them
     * @return how many bytes were written, or {@code -errno} where none was
     */
    public static long write(int fd, MemorySegment from) {
        requireNative("from", from);
        return Cancellation.act(writeOrCanceled(fd, from));
    }

    /**
     * Waits until a descriptor is ready, as POSIX's {@code poll} does.
     *
     * @param fds an array of {@code struct pollfd}
     * @param count how many of these are looked at
     * @param timeoutMillis milliseconds; negative waits for ever
     * @return how many descriptors are ready; 0 after the time-out; or {@code -errno}
     */
    public static int poll(MemorySegment fds, int count, int timeoutMillis) {
        requireWritable("fds", fds);
        if (count < 0 || count > fds.byteSize() / pollfd.sizeof()) {
            throw new IllegalArgumentException("count=" + count + " is not from 0 to what fdsBytes=" + fds.byteSize() + " hold");
        }
        return Cancellation.act(pollOrCanceled(fds, count, timeoutMillis));
    }

    /**
     * Waits for a time, as C's {@code nanosleep} does.
     *
     * @param nanos nanoseconds
     * @return 0, -EINTR when interrupted, or -EINVAL where {@code nanos} is negative
     */
    public static int nanosleep(long nanos) {
        return Cancellation.act(nanosleepOrCanceled(nanos));
    }

    /**
     * Runs Java code that blocks in a way that an interrupt ends. A cancel interrupts it, then takes that interrupt back if it
     * can tell it from a real one (threads of {@link Pthread#create} can; in others the status stays set).
     *
     * @param <T> what it returns
     * @param body what to run, on the calling thread
     * @return what {@code body} returns
     * @throws Exception what {@code body} throws, if no cancel is due
     */
    public static <T> T interruptible(Callable<T> body) throws Exception {
        return InterruptibleRegion.run(body);
    }

    private static void requireWritable(String name, MemorySegment segment) {
        requireNative(name, segment);
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(name + "=" + segment + " is read-only, and the call writes to it");
        }
    }

    private static void requireNative(String name, MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(name + "=" + segment + " is on the Java heap, where the kernel cannot reach it");
        }
        Liveness.requireAccessible(name, segment);
    }

    // The inner forms, for drivers too: no exception may pass through frames of C.

    static long readOrCanceled(int fd, MemorySegment into) {
        Tcb tcb = Tcb.current();
        long result;
        do {
            int status = into.byteSize() == 0 ? readyForNothing(tcb) : awaitReady(tcb, fd, Linux.POLLIN(), Linux.O_WRONLY());
            result = status < 0 ? status : FileCalls.read(tcb.segment(), fd, into);
        } while (result == -Linux.EAGAIN());
        return withErrno(tcb, result);
    }

    static long writeOrCanceled(int fd, MemorySegment from) {
        Tcb tcb = Tcb.current();
        long written = 0;
        do {
            int status = from.byteSize() == 0 ? readyForNothing(tcb) : awaitReady(tcb, fd, Linux.POLLOUT(), Linux.O_RDONLY());
            long result = status < 0 ? status : writeSome(tcb, fd, from, written);
            if (result < 0 && result != -Linux.EAGAIN()) {
                return written > 0 ? written : withErrno(tcb, result);
            }
            written += Math.max(result, 0);
        } while (written < from.byteSize());
        return written;
    }

    private static long writeSome(Tcb tcb, int fd, MemorySegment from, long start) {
        return FileCalls.write(tcb.segment(), fd, from.asSlice(start, Math.min(PIPE_BUF, from.byteSize() - start)));
    }

    static int pollOrCanceled(MemorySegment fds, int count, int timeoutMillis) {
        Tcb tcb = Tcb.current();
        return (int) withErrno(tcb, await(tcb, fds, count, timeoutMillis));
    }

    static int nanosleepOrCanceled(long nanos) {
        Tcb tcb = Tcb.current();
        if (nanos < 0) {
            return (int) withErrno(tcb, Cancellation.isDue(tcb) ? -Linux.ECANCELED() : -Linux.EINVAL());
        }
        int status = Cancellation.await(tcb, () -> false, System.nanoTime() + nanos);
        return status == -Linux.EAGAIN() ? 0 : (int) withErrno(tcb, status);
    }

    /** Where the descriptor was opened for the other direction alone it never gets ready: then the call itself is EBADF. */
    private static int awaitReady(Tcb tcb, int fd, int events, int uselessMode) {
        if (fd < 0) {
            return readyForNothing(tcb); // poll takes no notice of it; the call itself is EBADF
        }
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment one = scope.allocate(pollfd.layout());
            pollfd.fd(one, fd);
            pollfd.events(one, (short) events);
            int ready = readyNow(tcb, one, 1);
            return ready != 0 || FileCalls.accessMode(tcb.segment(), fd) == uselessMode ? ready
                    : awaitLater(tcb, one, 1, Cancellation.FOR_EVER);
        }
    }

    /** A descriptor that is ready costs one short system call; only a wait goes to the poller. */
    private static int await(Tcb tcb, MemorySegment fds, int count, int timeoutMillis) {
        int ready = readyNow(tcb, fds, count);
        if (ready != 0 || timeoutMillis == 0) {
            return ready;
        }
        return awaitLater(tcb, fds, count,
                timeoutMillis < 0 ? Cancellation.FOR_EVER : System.nanoTime() + timeoutMillis * NANOS_A_MILLI);
    }

    private static int readyForNothing(Tcb tcb) {
        return Cancellation.isDue(tcb) ? -Linux.ECANCELED() : 0;
    }

    private static int readyNow(Tcb tcb, MemorySegment fds, int count) {
        return Cancellation.isDue(tcb) ? -Linux.ECANCELED() : FileCalls.poll(tcb.segment(), fds, count, 0);
    }

    private static int awaitLater(Tcb tcb, MemorySegment fds, int count, long deadline) {
        int status = Poller.await(tcb, fds, count, deadline);
        return status == -Linux.EAGAIN() ? 0 : status;
    }

    private static long withErrno(Tcb tcb, long result) {
        if (result < 0) {
            tcb.errno((int) -result);
        }
        return result;
    }
}
