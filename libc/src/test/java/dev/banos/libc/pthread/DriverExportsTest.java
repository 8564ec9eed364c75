package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.bindings.generated.Linux;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The functions as C calls them: through a native stub and back. */
@Timeout(30)
class DriverExportsTest {
    private static final Arena SCOPE = Arena.ofShared();
    private static final Map<String, MethodHandle> FUNCTIONS = new HashMap<>();
    private static final List<Long> CALLED = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void link() {
        for (DriverExports.Export export : DriverExports.all()) {
            MemorySegment stub = Native.upcall(export.target(), export.descriptor(), SCOPE);
            FUNCTIONS.put(export.name(), Native.downcall(stub.address(), export.descriptor()));
        }
    }

    @AfterAll
    static void unlink() {
        SCOPE.close();
    }

    @Test
    void namesAreDistinctAndOurs() {
        assertThat(DriverExports.all()).extracting(DriverExports.Export::name)
                .doesNotHaveDuplicates().allMatch(name -> name.startsWith("banos_"));
    }

    @Test
    void errnoLivesWhereTheControlBlockBegins() {
        long location = call("banos_errno_location");
        Native.EVERYTHING.set(JAVA_INT, location, 33);
        assertThat(Tcb.current().errno()).isEqualTo(33);
    }

    @Test
    void errorsArePositiveNumbers() {
        MemorySegment old = SCOPE.allocate(JAVA_INT);
        assertThat(call("banos_pthread_setcancelstate", 7, old.address())).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_pthread_setcancelstate", Pthread.CANCEL_ENABLE, old.address())).isZero();
        assertThat(call("banos_pthread_setcanceltype", Pthread.CANCEL_DEFERRED, 0L)).isZero();
        assertThat(call("banos_pthread_cancel", Long.MAX_VALUE)).isEqualTo(Linux.ESRCH());
        assertThat(call("banos_pthread_join", Pthread.self(), 0L)).isEqualTo(Linux.ESRCH());
        assertThat(call("banos_pthread_setspecific", -1, 0L)).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_pthread_key_delete", -1)).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_pthread_key_create", 0L, 0L)).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_pthread_cleanup_pop", 1)).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_pthread_cleanup_push", 0L, 0L)).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_read", -1, 0L, 0L)).isEqualTo(-1);
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EBADF());
        assertThat(call("banos_write", 1, 0L, -1L)).isEqualTo(-1);
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EINVAL());
        assertThat(call("banos_poll", 0L, -1L, 0)).isEqualTo(-1);
        assertThat(call("banos_poll", 0L, 1L, 0)).isEqualTo(-1);
        assertThat(Tcb.current().errno()).isEqualTo(Linux.EFAULT());
    }

    @Test
    void aCancelIsReportedInCAndActsInJava() {
        CALLED.clear();
        assertThat(Pthread.call(argument -> {
            call("banos_pthread_cancel", call("banos_pthread_self"));
            CALLED.add(call("banos_pthread_testcancel"));
            CALLED.add(call("banos_nanosleep", 1L));
            CALLED.add((long) Tcb.current().errno());
            Pthread.testcancel();
            return 0;
        }, 0)).isEqualTo(Pthread.CANCELED);
        assertThat(CALLED).containsExactly((long) Linux.ECANCELED(), -1L, (long) Linux.ECANCELED());
    }

    @Test
    void anExitInCDecidesTheResultAndActsInJava() {
        assertThat(Pthread.call(argument -> {
            call("banos_pthread_exit", 12L);
            Pthread.testcancel();
            throw new AssertionError("the exit did not act");
        }, 0)).isEqualTo(12);
    }

    /** An exit is no cancel: it cannot be disabled. */
    @Test
    void anExitInCActsWhereCancellationIsDisabled() {
        assertThat(Pthread.call(argument -> {
            Pthread.setcancelstate(Pthread.CANCEL_DISABLE);
            call("banos_pthread_exit", 13L);
            Pthread.testcancel();
            throw new AssertionError("the exit did not act");
        }, 0)).isEqualTo(13);
    }

    @Test
    void handlersAndDestructorsAreFunctionsOfC() throws ReflectiveOperationException {
        CALLED.clear();
        MethodHandle recorder = MethodHandles.lookup().findStatic(DriverExportsTest.class, "record",
                MethodType.methodType(void.class, MemorySegment.class));
        long function = Native.upcall(recorder, FunctionDescriptor.ofVoid(ADDRESS), SCOPE).address();
        MemorySegment key = SCOPE.allocate(JAVA_INT);
        Pthread.call(argument -> {
            call("banos_pthread_key_create", key.address(), function);
            call("banos_pthread_setspecific", key.get(JAVA_INT, 0), 3L);
            CALLED.add(call("banos_pthread_getspecific", key.get(JAVA_INT, 0)));
            call("banos_pthread_cleanup_push", function, 2L);
            call("banos_pthread_cleanup_push", function, 1L);
            call("banos_pthread_cleanup_pop", 1);
            throw Pthread.exit(0);
        }, 0);
        assertThat(CALLED).containsExactly(3L, 1L, 2L, 3L);
        assertThat(call("banos_pthread_key_delete", key.get(JAVA_INT, 0))).isZero();
    }

    @Test
    void anIntInAPackedStructIsStoredLikeAnyOther() {
        long unaligned = SCOPE.allocate(JAVA_LONG, 2).address() + 1;
        assertThat(call("banos_pthread_key_create", unaligned, 0L)).isZero();
        int key = Native.EVERYTHING.get(JAVA_INT_UNALIGNED, unaligned);
        assertThat(call("banos_pthread_setcancelstate", Pthread.CANCEL_ENABLE, unaligned)).isZero();
        assertThat(Native.EVERYTHING.get(JAVA_INT_UNALIGNED, unaligned)).isEqualTo(Pthread.CANCEL_ENABLE);
        assertThat(ThreadKeys.delete(key)).isZero();
    }

    @Test
    void aJoinInCStoresTheResult() {
        MemorySegment result = SCOPE.allocate(JAVA_LONG);
        assertThat(call("banos_pthread_join", Pthread.create(argument -> 21, 0), result.address())).isZero();
        assertThat(result.get(JAVA_LONG, 0)).isEqualTo(21);
    }

    /** The JVM makes a Java thread of it for as long as it lives. */
    @Test
    void aThreadThatCStartedTakesPartAndLeavesNothingBehind() throws Throwable {
        CALLED.clear();
        MethodHandle create = Native.downcall(symbol("pthread_create"),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
        MethodHandle join = Native.downcall(symbol("pthread_join"), FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS));
        MethodHandle body = MethodHandles.lookup().findStatic(DriverExportsTest.class, "runInThreadOfC",
                MethodType.methodType(long.class, long.class));
        MemorySegment stub = Native.upcall(body, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), SCOPE);
        MemorySegment thread = SCOPE.allocate(JAVA_LONG);
        int blocks = Tcb.count();
        for (long number = 1; number <= 500; number++) {
            assertThat((int) create.invoke(thread, MemorySegment.NULL, stub, number)).isZero();
            assertThat((int) join.invoke(thread.get(JAVA_LONG, 0), MemorySegment.NULL)).isZero();
        }
        assertThat(CALLED).as("exits by a cancel of itself").hasSize(500).containsOnly(Pthread.CANCELED);
        assertThat(Tcb.count()).isLessThan(blocks + 100);
    }

    private static long runInThreadOfC(long number) {
        int key = ThreadKeys.create(null);
        try {
            ThreadKeys.set(key, number);
            assert ThreadKeys.get(key) == number && Tcb.current().errno() == 0;
            Tcb.current().errno((int) number);
            CALLED.add(call("banos_pthread_cancel", call("banos_pthread_self")));
            BlockingCalls.nanosleep(Long.MAX_VALUE);
        } catch (ThreadExit exit) {
            CALLED.set(CALLED.size() - 1, exit.result());
        }
        return ThreadKeys.delete(key);
    }

    private static long symbol(String name) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(name).address();
    }

    private static void record(MemorySegment argument) {
        CALLED.add(argument.address());
    }

    private static long call(String name, Object... arguments) {
        try {
            return ((Number) FUNCTIONS.get(name).invokeWithArguments(arguments)).longValue();
        } catch (Throwable thrown) {
            throw new AssertionError(name, thrown);
        }
    }
}
