package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A module's tables for the unwinder, by which C++ exceptions pass through its code. An exception may pass through any code,
 * plain C between two functions of C++ too; so once one module throws or catches, or asks who called it, those of all modules are
 * registered. Before that none is: registration loads a library and costs a lock.
 */
public final class UnwindTables {
    /** Of modules that run, and wait for the first one that throws or catches. */
    private static final List<UnwindTables> WAITING = new ArrayList<>();
    private static boolean inUse;

    private final List<Long> tables;
    private boolean registered;

    /** The unwinder that C++ libraries of this machine use; absent where none is installed. */
    private static final class Unwinder {
        private static final MemorySegment LIBRARY = open();
        private static final long REGISTER = symbol("__register_frame");
        private static final long DEREGISTER = symbol("__deregister_frame");

        private static MemorySegment open() {
            try (Arena scope = Arena.ofConfined()) {
                return SystemCalls.dlopen(scope.allocateFrom("libgcc_s.so.1"), Linux.RTLD_NOW() | Linux.RTLD_GLOBAL());
            }
        }

        private static long symbol(String name) {
            try (Arena scope = Arena.ofConfined()) {
                return LIBRARY.address() == 0 ? 0 : SystemCalls.dlsym(LIBRARY, scope.allocateFrom(name));
            }
        }
    }

    /** @param tables their addresses */
    public UnwindTables(List<Long> tables) {
        this.tables = tables;
    }

    /** @param unwinds whether code of the module throws, catches or cleans up, or asks for its callers */
    public void register(boolean unwinds) {
        synchronized (WAITING) {
            inUse |= unwinds;
            WAITING.add(this);
            if (inUse) {
                for (UnwindTables waiting : WAITING) {
                    waiting.tell();
                }
                WAITING.clear();
            }
        }
    }

    private void tell() {
        call(Unwinder.REGISTER);
        registered = true;
    }

    public void deregister() {
        synchronized (WAITING) {
            WAITING.remove(this);
            if (registered) {
                call(Unwinder.DEREGISTER);
                registered = false;
            }
        }
    }

    private void call(long function) {
        for (long table : tables) {
            if (function != 0) {
                NativeCalls.call(function, table);
            }
        }
    }
}
