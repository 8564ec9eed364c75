package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.loader.process.CLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;

/** Lets the kernel refuse system calls of one thread, until that thread ends: a seccomp filter. For x86-64. */
enum RefusedSystemCalls {
    /** {@code mmap} of memory to be written. */
    MEMORY(9, 2, -1, 3, 12),
    /** {@code mprotect} that makes code executable. */
    CODE(10, 2, 7, 5, 12),
    /** {@code mprotect} that ends writing. */
    CONSTANTS(10, 2, 7, 1, 12),
    /** {@code mprotect} that allows writing. */
    WRITABLE(10, 2, 7, 3, 12),
    /** {@code mprotect} of a single page. */
    ONE_PAGE(10, 1, -1, 4096, 12),
    /** {@code memfd_create}. */
    NAMELESS_FILES(319, 0, 0, 0, 24),
    OPENING(257, 0, 0, 0, 24),
    WRITING(1, 0, 0, 0, 28);

    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final int PR_SET_SECCOMP = 22;
    private static final int LOAD = 0x20;
    private static final int AND = 0x54;
    private static final int IF_EQUAL = 0x15;
    private static final int RETURN = 0x06;
    private static final int REFUSE = 0x50000;
    private static final int ALLOW = 0x7fff0000;
    private static final int ARGUMENTS = 16;

    private final int[][] filter;

    /** @param mask of the argument, and what it must then be */
    RefusedSystemCalls(int number, int argument, int mask, int value, int errno) {
        filter = new int[][] {{LOAD, 0, 0, 0}, {IF_EQUAL, 0, 4, number}, {LOAD, 0, 0, ARGUMENTS + argument * Long.BYTES},
            {AND, 0, 0, mask}, {IF_EQUAL, 0, 1, value}, {RETURN, 0, 0, REFUSE | errno}, {RETURN, 0, 0, ALLOW}};
    }

    /** Does something in a thread of its own. */
    <T> T during(Callable<T> action) throws Exception {
        Object[] results = new Object[1];
        Throwable[] thrown = new Throwable[1];
        Thread thread = new Thread(() -> {
            try {
                refuse();
                results[0] = action.call();
            } catch (Throwable failed) {
                thrown[0] = failed;
            }
        });
        thread.start();
        thread.join();
        if (thrown[0] instanceof Exception exception) {
            throw exception;
        }
        if (thrown[0] != null) {
            throw new AssertionError(thrown[0]);
        }
        @SuppressWarnings("unchecked")
        T result = (T) results[0];
        return result;
    }

    private void refuse() throws Throwable {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment program = scope.allocate(filter.length * 8L, 8);
            for (int i = 0; i < filter.length; i++) {
                program.setAtIndex(JAVA_INT, 2L * i, filter[i][0] | filter[i][1] << 16 | filter[i][2] << 24);
                program.setAtIndex(JAVA_INT, 2L * i + 1, filter[i][3]);
            }
            MemorySegment header = scope.allocate(16, 8);
            header.set(JAVA_INT, 0, filter.length);
            header.set(ADDRESS, 8, program);
            control(PR_SET_NO_NEW_PRIVS, 1, 0);
            control(PR_SET_SECCOMP, 2, header.address());
        }
    }

    private static void control(int option, long first, long second) throws Throwable {
        FunctionDescriptor type = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        int result = (int) Native.downcall(CLibrary.find("prctl"), type).invokeExact(option, first, second, 0L, 0L);
        if (result != 0) {
            throw new AssertionError("prctl option=" + option + " result=" + result);
        }
    }
}
