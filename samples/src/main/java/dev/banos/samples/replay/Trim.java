package dev.banos.samples.replay;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/** How to tell an allocator to give its empty memory back at once. */
@FunctionalInterface
interface Trim {
    /** For an allocator that cannot be told, or of which we do not know how. */
    Trim NONE = () -> { };

    void trim();

    static Trim of(String target) {
        return switch (target) {
            case "banos" -> Malloc::trim;
            case "glibc" -> Trim::glibc;
            default -> NONE;
        };
    }

    private static void glibc() {
        long address = Linker.nativeLinker().defaultLookup().findOrThrow("malloc_trim").address();
        MethodHandle mallocTrim = Native.downcall(address, FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        try {
            int released = (int) mallocTrim.invokeExact(0L);
            assert released == 0 || released == 1;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }
}
