package dev.banos.libc.sort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.libc.segment.StackRoom;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sorts memory whose scope another thread, or the garbage collector, could end meanwhile. The one public means to hold a
 * scope open is to pass its segment to a native function; so the sort runs as the native function, called back:
 *
 * <pre>
 *   sort  ---downcall, holds both scopes--->  stub  ---upcall--->  run: the same sort on the same addresses
 * </pre>
 *
 * This adds up to two tenths of a microsecond, once; checked access would add a quarter to every pass.
 *
 * <p>An exception that left the upcall would end the process. So nothing is allocated from the downcall to the return but by the sort
 * itself, what the way there needs to be linked is linked before, and before each downcall there is a look whether the stack reaches.
 */
final class HeldScopes {
    /** In place of the size of a record. */
    private static final long NUMBERS = 0;
    private static final long NUMBERS_IN_PLACE = -1;
    private static final long RECORDS = -2;
    /** No sort at all. */
    private static final long NOTHING = -3;

    /** After 127 calls, an invoker makes its method handle a form of its own (java.lang.invoke.MethodHandle.CUSTOMIZE_THRESHOLD). */
    private static final int CALLS_UNTIL_LINKED = 256;

    private static final Key[] KEYS = Key.values();

    private static final int DONE = 0;
    private static final int FAILED = 1;

    /** What one thread's sort cannot pass through C; there before the downcall. */
    private static final class Errand {
        @Nullable RecordElements records;
        /** What ended the sort by surprise. */
        @Nullable Throwable thrown;
    }

    private static final ThreadLocal<Errand> ERRANDS = ThreadLocal.withInitial(Errand::new);

    private static final MethodHandle SORT = link();

    static {
        for (int i = 0; i < CALLS_UNTIL_LINKED; i++) {
            invoke(Key.I64, MemorySegment.NULL, MemorySegment.NULL, NOTHING);
        }
    }

    private HeldScopes() {
    }

    static void sort(Key key, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        call(key, data, temporary, NUMBERS, ERRANDS.get());
    }

    static void sortInPlace(Key key, MemorySegment data) {
        Scratch.IN_PLACE.prepare();
        call(key, data, data, NUMBERS_IN_PLACE, ERRANDS.get());
    }

    static void sort(RecordElements records, MemorySegment data, MemorySegment temporary) {
        Scratch.COUNTERS.prepare();
        Errand errand = ERRANDS.get();
        errand.records = records;
        try {
            call(records.key, data, temporary, RECORDS, errand);
        } finally {
            errand.records = null;
        }
    }

    private static void call(Key key, MemorySegment data, MemorySegment temporary, long what, Errand errand) {
        StackRoom.require();
        if (invoke(key, data, temporary, what) == FAILED) {
            Throwable cause = errand.thrown;
            errand.thrown = null;
            throw new IllegalStateException("the sort was interrupted; its data is incomplete", cause);
        }
    }

    private static int invoke(Key key, MemorySegment data, MemorySegment temporary, long what) {
        try {
            return (int) SORT.invokeExact(key.ordinal(), data, temporary, data.byteSize(), what);
        } catch (RuntimeException | Error thrown) {
            throw thrown;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall declares no exception", thrown);
        }
    }

    /** The parameters are those of {@link #SORT}, the segments become addresses. */
    private static int run(int key, long data, long temporary, long bytes, long what) {
        if (what == NOTHING) {
            return DONE;
        }
        Errand errand = null;
        try {
            errand = ERRANDS.get();
            if (what == NUMBERS_IN_PLACE) {
                Introsort.sort(KEYS[key], data, bytes);
            } else if (what == NUMBERS) {
                RadixSort.sort(KEYS[key], data, bytes, temporary);
            } else {
                RecordSort.sort(Objects.requireNonNull(errand.records, "records"), data, bytes, temporary);
            }
            return DONE;
        } catch (Throwable thrown) {
            if (errand != null) {
                errand.thrown = thrown;
            }
            return FAILED;
        }
    }

    private static MethodHandle link() {
        FunctionDescriptor called = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        FunctionDescriptor calling = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG);
        try {
            MethodHandle run = MethodHandles.lookup().findStatic(HeldScopes.class, "run", called.toMethodType());
            return Native.downcall(Native.upcall(run, called, Arena.global()).address(), calling);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError("run is a method of this class", e);
        }
    }
}
