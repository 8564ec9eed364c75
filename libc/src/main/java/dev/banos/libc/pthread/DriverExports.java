package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.thread.Tcb;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;

/**
 * The functions of this package as drivers call them, with POSIX's signatures under names of ours: an error is the positive
 * number that the function returns, or -1 with the number at {@code banos_errno_location}.
 *
 * <p>One thing differs. A cancel cannot unwind frames of C, so a cancellation point returns ECANCELED instead of not
 * returning; the driver gives back what it holds and returns, and the cancel acts at the next cancellation point in Java.
 * {@code banos_pthread_exit} too only decides the thread's result and acts then. Nothing here throws.
 */
public final class DriverExports {
    private static final long FAILED = -1;

    private DriverExports() {
    }

    /**
     * A C function.
     *
     * @param name what drivers call it
     * @param target what it runs; throws nothing
     * @param descriptor its C type; pointers are {@link java.lang.foreign.ValueLayout#JAVA_LONG}
     */
    public record Export(String name, MethodHandle target, FunctionDescriptor descriptor) {
    }

    /** {@return all of them; each call makes the list anew} */
    public static List<Export> all() {
        return List.of(
                export("banos_errno_location", "errnoLocation", JAVA_LONG),
                export("banos_pthread_self", "self", JAVA_LONG),
                export("banos_pthread_setcancelstate", "setcancelstate", JAVA_INT, JAVA_INT, JAVA_LONG),
                export("banos_pthread_setcanceltype", "setcanceltype", JAVA_INT, JAVA_INT, JAVA_LONG),
                export("banos_pthread_cancel", "cancel", JAVA_INT, JAVA_LONG),
                export("banos_pthread_testcancel", "testcancel", JAVA_INT),
                export("banos_pthread_join", "join", JAVA_INT, JAVA_LONG, JAVA_LONG),
                export("banos_pthread_exit", "exit", JAVA_INT, JAVA_LONG),
                export("banos_pthread_cleanup_push", "cleanupPush", JAVA_INT, JAVA_LONG, JAVA_LONG),
                export("banos_pthread_cleanup_pop", "cleanupPop", JAVA_INT, JAVA_INT),
                export("banos_pthread_key_create", "keyCreate", JAVA_INT, JAVA_LONG, JAVA_LONG),
                export("banos_pthread_key_delete", "keyDelete", JAVA_INT, JAVA_INT),
                export("banos_pthread_getspecific", "getspecific", JAVA_LONG, JAVA_INT),
                export("banos_pthread_setspecific", "setspecific", JAVA_INT, JAVA_INT, JAVA_LONG),
                export("banos_read", "read", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG),
                export("banos_write", "write", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG),
                export("banos_poll", "poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT),
                export("banos_nanosleep", "nanosleep", JAVA_INT, JAVA_LONG));
    }

    private static Export export(String name, String method, MemoryLayout result, MemoryLayout... arguments) {
        FunctionDescriptor descriptor = FunctionDescriptor.of(result, arguments);
        try {
            return new Export(name, MethodHandles.lookup().findStatic(DriverExports.class, method, descriptor.toMethodType()),
                    descriptor);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(name, missing);
        }
    }

    private static long errnoLocation() {
        return Tcb.current().segment().address();
    }

    private static long self() {
        return Pthread.self();
    }

    private static int setcancelstate(int state, long oldOut) {
        return storeOld(Cancellation.exchangeState(Tcb.current(), state), oldOut);
    }

    private static int setcanceltype(int type, long oldOut) {
        return storeOld(Cancellation.exchangeType(Tcb.current(), type), oldOut);
    }

    private static int storeOld(int old, long oldOut) {
        if (old < 0) {
            return -old;
        }
        if (oldOut != 0) {
            Native.EVERYTHING.set(JAVA_INT_UNALIGNED, oldOut, old);
        }
        return 0;
    }

    private static int cancel(long thread) {
        return -PosixThread.cancel(thread);
    }

    private static int testcancel() {
        return Cancellation.isDue(Tcb.current()) ? Linux.ECANCELED() : 0;
    }

    private static int join(long thread, long resultOut) {
        return -PosixThread.join(thread, resultOut == 0 ? MemorySegment.NULL : Native.segment(resultOut, JAVA_LONG.byteSize()));
    }

    private static int exit(long result) {
        Tcb tcb = Tcb.current();
        PosixThread.current(tcb).exitAtNextPoint(tcb, result);
        return Linux.ECANCELED();
    }

    private static int cleanupPush(long handler, long argument) {
        if (handler == 0) {
            return Linux.EINVAL();
        }
        CleanUp _ = Pthread.cleanupPush(value -> Callback.call(handler, value), argument);
        return 0;
    }

    private static int cleanupPop(int execute) {
        if (!PosixThread.current(Tcb.current()).hasHandlers()) {
            return Linux.EINVAL();
        }
        Pthread.cleanupPop(execute != 0);
        return 0;
    }

    private static int keyCreate(long keyOut, long destructor) {
        if (keyOut == 0) {
            return Linux.EINVAL();
        }
        int key = ThreadKeys.create(destructor == 0 ? null : value -> Callback.call(destructor, value));
        if (key < 0) {
            return -key;
        }
        Native.EVERYTHING.set(JAVA_INT_UNALIGNED, keyOut, key);
        return 0;
    }

    private static int keyDelete(int key) {
        return -ThreadKeys.delete(key);
    }

    private static long getspecific(int key) {
        return ThreadKeys.get(key);
    }

    private static int setspecific(int key, long value) {
        return -ThreadKeys.set(key, value);
    }

    private static long read(int fd, long into, long bytes) {
        return bytes < 0 ? invalid() : valueOrFailed(BlockingCalls.readOrCanceled(fd, Native.segment(into, bytes)));
    }

    private static long write(int fd, long from, long bytes) {
        return bytes < 0 ? invalid() : valueOrFailed(BlockingCalls.writeOrCanceled(fd, Native.segment(from, bytes)));
    }

    private static int poll(long fds, long count, int timeoutMillis) {
        if (count < 0 || count > Integer.MAX_VALUE) {
            return (int) invalid();
        }
        MemorySegment array = Native.segment(fds, count * pollfd.sizeof());
        return (int) valueOrFailed(BlockingCalls.pollOrCanceled(array, (int) count, timeoutMillis));
    }

    private static int nanosleep(long nanos) {
        return (int) valueOrFailed(BlockingCalls.nanosleepOrCanceled(nanos));
    }

    /** errno is set already. */
    private static long valueOrFailed(long result) {
        return result < 0 ? FAILED : result;
    }

    private static long invalid() {
        Tcb.current().errno(Linux.EINVAL());
        return FAILED;
    }

    /** A function of a driver: {@code void f(void *)}. Deleting or popping it before the driver is unloaded is the driver's part. */
    private static final class Callback {
        private static final MethodHandle FUNCTION = Native.downcall(FunctionDescriptor.ofVoid(ADDRESS));

        static void call(long function, long argument) {
            try {
                FUNCTION.invokeExact(MemorySegment.ofAddress(function), MemorySegment.ofAddress(argument));
            } catch (Throwable impossible) {
                throw new AssertionError("a downcall threw", impossible);
            }
        }
    }
}
