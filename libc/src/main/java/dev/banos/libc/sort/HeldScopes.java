package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sorts memory whose scope another thread, or the garbage collector, could end meanwhile. The one public means to hold a
 * scope open is to pass its segment to a native function; so the sort runs as the native function, called back:
 *
 * <pre>
 *   sort  ---downcall, holds both scopes--->  stub  ---upcall--->  run: the same sort on the same addresses
 * </pre>
 *
 * This adds a tenth of a microsecond, once; checked access would add a quarter to every pass.
 */
final class HeldScopes {
    /** In place of the size of a record. */
    private static final long NUMBERS = 0;
    private static final long NUMBERS_IN_PLACE = -1;

    private static final Key[] KEYS = Key.values();

    private static final int DONE = 0;
    private static final int FAILED = 1;

    /** What ended a sort by surprise, until its caller picks it up: no exception can cross a native frame. */
    private static final Map<Thread, Throwable> FAILURES = new ConcurrentHashMap<>();

    private static final MethodHandle SORT = link();

    private HeldScopes() {
    }

    static void sort(Key key, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        call(key, data, temporary, NUMBERS, 0);
    }

    static void sortInPlace(Key key, MemorySegment data) {
        Scratch.IN_PLACE.prepare();
        call(key, data, data, NUMBERS_IN_PLACE, 0);
    }

    static void sort(RecordElements records, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        call(records.key, data, temporary, records.bytes, records.keyOffset);
    }

    private static void call(Key key, MemorySegment data, MemorySegment temporary, long recordBytes, long keyOffset) {
        int result;
        try {
            result = (int) SORT.invokeExact(key.ordinal(), data, temporary, data.byteSize(), recordBytes, keyOffset);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall declares no exception", thrown);
        }
        if (result == FAILED) {
            throw new IllegalStateException("the sort was interrupted; its data is incomplete", FAILURES.remove(Thread.currentThread()));
        }
    }

    /** The parameters are those of {@link #SORT}, the segments become addresses. */
    private static int run(int key, long data, long temporary, long bytes, long recordBytes, long keyOffset) {
        try {
            if (recordBytes == NUMBERS_IN_PLACE) {
                Introsort.sort(KEYS[key], data, bytes);
            } else if (recordBytes == NUMBERS) {
                RadixSort.sort(KEYS[key], data, bytes, temporary);
            } else {
                RecordSort.sort(new RecordElements(recordBytes, KEYS[key], keyOffset), data, bytes, temporary);
            }
            return DONE;
        } catch (Throwable thrown) {
            FAILURES.put(Thread.currentThread(), thrown);
            return FAILED;
        }
    }

    private static MethodHandle link() {
        FunctionDescriptor called = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        FunctionDescriptor calling = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        try {
            MethodHandle run = MethodHandles.lookup().findStatic(HeldScopes.class, "run", called.toMethodType());
            return Native.downcall(Native.upcall(run, called, Arena.global()).address(), calling);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("run is a method of this class", e);
        }
    }
}
