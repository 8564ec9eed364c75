package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/** The symbols that the process has anyway: those of libc, libm and what else was loaded for everyone. */
public final class CLibrary {
    private static final SymbolLookup STANDARD = Linker.nativeLinker().defaultLookup();

    private CLibrary() {
    }

    /**
     * The symbol's address, or 0: as {@code dlsym(RTLD_DEFAULT, name)} finds it. The JVM's own look-up, which knows libc and
     * libm, is asked first: it needs no downcall, whose making costs a JVM that has just started tens of milliseconds.
     */
    public static long find(String name) {
        Optional<MemorySegment> standard = STANDARD.find(name);
        if (standard.isPresent()) {
            return standard.get().address();
        }
        try (Arena scope = Arena.ofConfined()) {
            return SystemCalls.dlsym(MemorySegment.NULL, scope.allocateFrom(name));
        }
    }
}
