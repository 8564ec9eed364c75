package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/** Prints what three threads' polls return that together have longer lists than the kernel takes, once their pipes are written to. */
final class LongListsChild {
    /** Nearly all that the lists have is negative. */
    static final String NEGATIVE = "negative";
    /** The limit falls below what is waited for already. */
    static final String LOWERED = "lowered";

    private static final int PIPES = 3;
    private static final int IN_A_LIST = 70;
    private static final int LOW = 16;

    private LongListsChild() {
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        boolean negative = args[0].equals(NEGATIVE);
        Arena scope = Arena.global();
        MemorySegment ends = scope.allocate(JAVA_INT, 2 * PIPES);
        for (int i = 0; i < PIPES; i++) {
            FileCalls.pipe2(Tcb.current().segment(), ends.asSlice(2L * i * Integer.BYTES, 2 * Integer.BYTES), Linux.O_CLOEXEC());
        }
        poll(withIdle(scope, reading(ends, 0)), 1).join(); // of what a thread needs nothing is left to be loaded, which takes descriptors
        List<Kind.Running> threads = Stream.of(0, 1, 2).map(i -> {
            MemorySegment fds = negative ? withNegative(scope, reading(ends, i), i) : withIdle(scope, reading(ends, i));
            return poll(fds, -1);
        }).toList();
        threads.forEach(LongListsChild::awaitParkedOrEnded);
        if (!negative) {
            new ProcessBuilder("prlimit", "--pid", Long.toString(ProcessHandle.current().pid()), "--nofile=" + LOW + ":").start().waitFor();
        }
        // Whoever waits by itself, and comes last, makes the poller look at the list anew.
        poll(pollfd.allocateArray(1, scope), 50).join();
        for (int i = 0; i < PIPES; i++) {
            BlockingCalls.write(ends.getAtIndex(JAVA_INT, 2L * i + 1), scope.allocate(1));
        }
        System.out.println(threads.stream().map(Kind.Running::join).toList());
    }

    private static Kind.Running poll(MemorySegment fds, int timeoutMillis) {
        int count = (int) (fds.byteSize() / pollfd.sizeof());
        return Kind.PLATFORM.start(argument -> BlockingCalls.poll(fds, count, timeoutMillis));
    }

    private static int reading(MemorySegment ends, int pipe) {
        return ends.getAtIndex(JAVA_INT, 2L * pipe);
    }

    private static MemorySegment withNegative(Arena scope, int fd, int list) {
        MemorySegment fds = pollfd.allocateArray(IN_A_LIST, scope);
        for (int i = 0; i < IN_A_LIST; i++) {
            pollfd.fd(pollfd.asSlice(fds, i), -1 - i - list * IN_A_LIST);
        }
        return listening(fds, fd);
    }

    /** Fewer than {@link #LOW}, and those of all threads together more. */
    private static MemorySegment withIdle(Arena scope, int fd) {
        MemorySegment fds = pollfd.allocateArray(LOW / 2, scope);
        MemorySegment idle = scope.allocate(JAVA_INT, 2);
        for (int i = 0; i < LOW / 2; i++) {
            FileCalls.pipe2(Tcb.current().segment(), idle, Linux.O_CLOEXEC());
            pollfd.fd(pollfd.asSlice(fds, i), idle.get(JAVA_INT, 0));
            pollfd.events(pollfd.asSlice(fds, i), (short) Linux.POLLIN());
        }
        return listening(fds, fd);
    }

    private static MemorySegment listening(MemorySegment fds, int fd) {
        pollfd.fd(fds, fd);
        pollfd.events(fds, (short) Linux.POLLIN());
        return fds;
    }

    private static void awaitParkedOrEnded(Kind.Running thread) {
        while (thread.thread().isAlive() && thread.thread().getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }
}
