package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints what so many virtual threads together read, a byte each, from the one pipe on which all of them waited, and whether the
 * poller keeps the class loader of whoever waited first.
 */
final class ManyWaitersChild {
    private ManyWaitersChild() {
    }

    public static void main(String[] args) {
        int readers = Integer.parseInt(args[0]);
        ClassLoader application = new ClassLoader() {
        };
        Thread.currentThread().setContextClassLoader(application);
        try (Arena scope = Arena.ofShared()) {
            MemorySegment ends = scope.allocate(JAVA_INT, 2);
            FileCalls.pipe2(Tcb.current().segment(), ends, Linux.O_CLOEXEC());
            List<Kind.Running> threads = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                threads.add(Kind.VIRTUAL.start(argument -> BlockingCalls.read(ends.getAtIndex(JAVA_INT, 0), scope.allocate(1))));
            }
            threads.forEach(ManyWaitersChild::awaitParkedOrEnded);
            BlockingCalls.write(ends.getAtIndex(JAVA_INT, 1), scope.allocate(readers));
            System.out.println(threads.stream().mapToLong(Kind.Running::join).sum() + " " + Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("banos-poller"))
                    .map(poller -> poller.getContextClassLoader() == application).toList());
        }
    }

    private static void awaitParkedOrEnded(Kind.Running thread) {
        while (thread.thread().isAlive() && thread.thread().getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }
}
