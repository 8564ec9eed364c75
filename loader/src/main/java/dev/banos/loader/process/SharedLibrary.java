package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.call.CallFrame;
import dev.banos.loader.elf.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A library that the dynamic linker loads for all of the process, and keeps. */
public final class SharedLibrary {
    private SharedLibrary() {
    }

    /**
     * @param file as {@code dlopen} takes it: a name that the dynamic linker looks for, or a path
     * @throws Refusal if the dynamic linker cannot load it
     */
    public static void load(String file) {
        CallFrame.requireNoNul(file);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment handle = SystemCalls.dlopen(scope.allocateFrom(file), Linux.RTLD_NOW() | Linux.RTLD_GLOBAL());
            if (handle.address() == 0) {
                throw new Refusal(Refusal.ENOENT, file, null, -1, "cannot be loaded (" + SystemCalls.dlerror() + ")", null);
            }
        }
        CppLibrary.keepNear(file);
    }
}
