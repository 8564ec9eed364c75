package dev.banos.loader.link;

import dev.banos.bindings.SystemCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The symbols that the process has anyway: those of libc, libm and what else was loaded for everyone. */
public final class CLibrary {
    private CLibrary() {
    }

    /** The symbol's address, or 0: as {@code dlsym(RTLD_DEFAULT, name)} finds it. */
    public static long find(String name) {
        try (Arena scope = Arena.ofConfined()) {
            return SystemCalls.dlsym(MemorySegment.NULL, scope.allocateFrom(name));
        }
    }
}
