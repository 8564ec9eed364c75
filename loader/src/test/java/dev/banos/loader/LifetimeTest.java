package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.loader.call.Lifetime;
import dev.banos.testing.RunsObjects;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No call runs in a module that is gone, whoever calls and however; and none that has returned keeps one. */
@RunsObjects
class LifetimeTest {
    private static final FunctionDescriptor INT = FunctionDescriptor.of(JAVA_INT);
    private static final int ROUNDS = Integer.getInteger("banos.lifetime.rounds", 1500);
    private static final int ATTEMPTS = 8;
    @TempDir
    Path folder;

    /** What calls {@code work} and {@code through}. */
    interface Calls {
        int work(int times);

        @Critical
        @Symbol("work")
        int workAtOnce(int times);

        int through(Again function);
    }

    @FunctionalInterface
    interface Again {
        int call();
    }

    private Path object() {
        return CCompiler.text(folder, "work", """
                static volatile int inside;
                int work(int times) { for (int i = 0; i < times; i++) { inside++; inside--; } return 42; }
                int through(int (*function)(void)) { inside++; int result = function(); inside--; return result; }
                """, "-O2", "-gbtf", "-fPIC");
    }

    private static LinkedLibrary link(Path object) {
        return ObjectLinker.create(InstallPolicy.anyUser()).add(object).link();
    }

    /** Threads of both kinds call without end, and nested; the library goes under them, and the next one comes. */
    @Test
    void modulesGoWhileThreadsCall() throws Exception {
        Path object = object();
        AtomicReference<Calls> current = new AtomicReference<>();
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        AtomicLong answered = new AtomicLong();
        AtomicLong refused = new AtomicLong();
        List<Thread> callers = new ArrayList<>();
        LinkedLibrary library = link(object);
        current.set(library.bind(Calls.class));
        for (int i = 0; i < 4; i++) {
            int kind = i;
            Runnable calling = () -> call(current, kind, answered, refused, wrong);
            callers.add(i == 3 ? Thread.ofVirtual().start(calling) : Thread.ofPlatform().start(calling));
        }
        for (int round = 0; round < ROUNDS && wrong.get() == null; round++) {
            LinkedLibrary next = link(object);
            Calls calls = next.bind(Calls.class);
            for (int attempt = 1; !closed(library); attempt++) {
                if (attempt == ATTEMPTS) {
                    current.set(calls); // among so many calls it may never be without one
                }
            }
            current.set(calls);
            library = next;
        }
        current.set(null);
        for (Thread caller : callers) {
            caller.join();
        }
        library.close();
        if (wrong.get() != null) {
            throw new AssertionError("of " + answered + " calls, one", wrong.get());
        }
        assertThat(answered.get()).isGreaterThan(ROUNDS);
        assertThat(refused.get()).as("calls of a library that was gone").isPositive();
    }

    private static boolean closed(LinkedLibrary library) {
        try {
            library.close();
            return true;
        } catch (LinkException underWay) {
            assertThat(underWay).hasMessageContaining("a call is under way");
            return false;
        }
    }

    private static void call(AtomicReference<Calls> current, int kind, AtomicLong answered, AtomicLong refused,
            AtomicReference<Throwable> wrong) {
        Calls calls = current.get();
        while (calls != null) {
            try {
                Calls now = calls;
                int answer = switch (kind) {
                    case 0 -> now.work(1);
                    case 1 -> now.workAtOnce(3);
                    default -> now.through(() -> now.work(2));
                };
                if (answer != 42) {
                    wrong.set(new AssertionError("answer " + answer));
                }
                answered.incrementAndGet();
            } catch (IllegalStateException gone) {
                refused.incrementAndGet();
            } catch (Throwable thrown) {
                wrong.set(thrown);
            }
            calls = current.get();
            if (kind == 3) {
                Thread.yield();
            }
        }
    }

    /** From within its own call, and from another thread; after that, calls go on as if nobody had asked. */
    @Test
    void aCallUnderWayKeepsItsLibraryAtAnyDepth() throws Exception {
        LinkedLibrary library = link(object());
        Calls calls = library.bind(Calls.class);
        List<String> said = new ArrayList<>();
        Again closing = () -> {
            try {
                library.close();
            } catch (LinkException busy) {
                said.add(busy.getMessage());
            }
            return calls.work(1);
        };
        assertThat(calls.through(closing)).isEqualTo(42);
        assertThat(calls.through(() -> calls.through(closing))).isEqualTo(42);
        Thread.ofVirtual().start(() -> calls.through(closing)).join();
        assertThat(said).hasSize(3).allMatch(message -> message.contains("a call is under way"));
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        Thread other = Thread.ofPlatform().start(() -> calls.through(() -> {
            inside.countDown();
            awaitLatch(leave);
            return 1;
        }));
        inside.await();
        assertThatThrownBy(library::close).isInstanceOf(LinkException.class).hasMessageContaining("a call is under way");
        assertThat(calls.work(1)).isEqualTo(42);
        leave.countDown();
        other.join();
        library.close();
        assertThatThrownBy(() -> calls.work(1)).isInstanceOf(IllegalStateException.class).hasMessageContaining("is uninstalled");
        assertThatThrownBy(library::close).isInstanceOf(LinkException.class).hasMessageContaining("closed already");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** An argument that is refused before C is reached, what a callback throws, and threads that have ended. */
    @Test
    void callsThatFailedAreNoLongerUnderWay() throws Exception {
        LinkedLibrary library = link(object());
        Calls calls = library.bind(Calls.class);
        MethodHandle through = library.handle("through", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        MemorySegment dead;
        try (Arena scope = Arena.ofConfined()) {
            dead = scope.allocate(8);
        }
        assertThatThrownBy(() -> { int result = (int) through.invokeExact(dead); }).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> calls.through(() -> {
            throw new UnsupportedOperationException("no");
        })).isInstanceOf(UnsupportedOperationException.class);
        Queue<Integer> answers = new ConcurrentLinkedQueue<>();
        for (int i = 0; i < 50; i++) {
            Thread.Builder builder = i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            builder.start(() -> answers.add(calls.work(1))).join();
        }
        assertThat(answers).hasSize(50).containsOnly(42);
        library.close();
    }

    /** Of two lifetimes with calls of one type, one is in use and the other is not. */
    @Test
    void thereMayBeManyLifetimesAtOnce() throws Throwable {
        MethodHandle pid = Native.downcall(INT);
        long function = dev.banos.bindings.generated.Linux.getpid$address().address();
        List<Lifetime> lifetimes = new ArrayList<>();
        List<MethodHandle> handles = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            lifetimes.add(new Lifetime("lifetime " + i));
            handles.add(lifetimes.getLast().handle(pid, function));
        }
        for (MethodHandle handle : handles) {
            assertThat((int) handle.invokeExact()).isEqualTo((int) ProcessHandle.current().pid());
        }
        for (Lifetime lifetime : lifetimes) {
            assertThat(lifetime.close()).isTrue();
            assertThat(lifetime.close()).isFalse();
        }
        assertThatThrownBy(() -> { int result = (int) handles.getFirst().invokeExact(); }).isInstanceOf(IllegalStateException.class);
    }

    /** However deep a thread has gone since, in frames of every kind, the call that it is in is found. */
    @Test
    void aCallUnderThousandsOfFramesKeepsItsLibrary() {
        LinkedLibrary library = link(object());
        LinkedLibrary other = link(object());
        Calls calls = library.bind(Calls.class);
        assertThat(other.bind(Calls.class).work(1)).isEqualTo(42);
        List<String> said = new ArrayList<>();
        assertThat(calls.through(() -> deep(5_000, library, said))).isEqualTo(1);
        assertThat(calls.through(() -> nested(200, calls, library, said))).isEqualTo(1);
        assertThat(said).hasSize(2).allMatch(message -> message.contains("a call is under way"));
        assertThat(calls.through(() -> {
            other.close();
            return 3;
        })).as("of the other library, none is under way").isEqualTo(3);
        library.close();
    }

    private static int deep(int depth, LinkedLibrary library, List<String> said) {
        if (depth > 0) {
            return deep(depth - 1, library, said);
        }
        try {
            library.close();
        } catch (LinkException busy) {
            said.add(busy.getMessage());
        }
        return 1;
    }

    private static int nested(int depth, Calls calls, LinkedLibrary library, List<String> said) {
        return depth == 0 ? deep(10, library, said) : calls.through(() -> nested(depth - 1, calls, library, said));
    }

    /** Who came while the closer decided goes on by the slow way: it counts, and the picture of its stack does not count twice. */
    @Test
    void callsThatWaitedForARefusedCloseAreUnderWayToo() throws Exception {
        LinkedLibrary library = link(object());
        Calls calls = library.bind(Calls.class);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        Thread virtual = Thread.ofVirtual().start(() -> calls.through(() -> {
            inside.countDown();
            awaitLatch(leave);
            return 1;
        }));
        inside.await();
        assertThatThrownBy(library::close).hasMessageContaining("a call is under way");
        assertThat(calls.through(() -> calls.work(1))).isEqualTo(42);
        leave.countDown();
        virtual.join();
        library.close();
    }

    /** A pointer that a call of somebody else's handle holds keeps the library as a call does. */
    @Test
    void aPointerInUseKeepsItOpen() throws Throwable {
        MethodHandle plain = Native.downcall(FunctionDescriptor.of(JAVA_INT, ADDRESS));
        LinkedLibrary library = link(object());
        MethodHandle through = plain.bindTo(library.symbol("through"));
        try (Arena scope = Arena.ofConfined()) {
            assertThatThrownBy(() -> closeDuring(library, through, scope)).isInstanceOf(LinkException.class)
                    .hasMessageContaining("a call is under way");
        }
        assertThat(library.bind(Calls.class).work(1)).isEqualTo(42);
        library.close();
    }

    private void closeDuring(LinkedLibrary library, MethodHandle call, Arena scope) throws Throwable {
        AtomicReference<LinkException> busy = new AtomicReference<>();
        Again closing = () -> {
            try {
                library.close();
            } catch (LinkException refused) {
                busy.set(refused);
            }
            return 1;
        };
        MethodHandle target = MethodHandles.lookup().findVirtual(Again.class, "call", MethodType.methodType(int.class)).bindTo(closing);
        int result = (int) call.invokeExact(Native.upcall(target, INT, scope));
        if (busy.get() != null) {
            throw busy.get();
        }
        assertThat(result).isOne();
    }
}
