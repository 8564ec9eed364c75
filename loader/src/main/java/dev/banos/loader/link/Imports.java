package dev.banos.loader.link;

import dev.banos.loader.process.ThreadLocalPlace;
import org.jspecify.annotations.Nullable;

/** Where a module's undefined symbols come from. */
@FunctionalInterface
public interface Imports {
    /** The symbol's address, or 0 where it is nowhere or {@linkplain #isAtZero there}. */
    long find(String name);

    /** Whether address 0 is where the symbol is: who gives addresses by hand may give that one. */
    default boolean isAtZero(String name) {
        return false;
    }

    /** Whether what {@link #find} finds is the calling thread's own: the dynamic linker finds such variables, too. */
    default boolean isThreadLocal(String name) {
        return false;
    }

    /**
     * Whether it may be what an object means that declares the name hidden, protected or internal: that of a shared library is not,
     * as the generic ABI keeps such a name within the component that is linked.
     */
    default boolean isWithin(String name) {
        return true;
    }

    /** What somebody can do who misses one symbol, or several. */
    default String remedy(boolean several) {
        return "install the driver that exports " + (several ? "them" : "it") + " first";
    }

    /** The place of a thread-local variable that is no shared library's, or null. */
    default @Nullable ThreadLocalPlace findThreadLocal(String name) {
        return null;
    }

    /**
     * Where the module's own block begins, counted as its variables are. Offline, distances in the block have become distances from
     * the thread pointer, as in any program: so it is the thread pointer that they count from.
     */
    default long threadLocalBlock() {
        return 0;
    }

    /** Offline: where such a variable lies, counted from this module's block, or -1 where that is not known. */
    default long findThreadLocalOffset(String name) {
        return -1;
    }
}
