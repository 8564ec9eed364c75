package dev.banos.loader.link;

import org.jspecify.annotations.Nullable;

/** Where a module's undefined symbols come from. */
@FunctionalInterface
public interface Imports {
    /** The symbol's address, or 0 where it is nowhere. */
    long find(String name);

    /** What somebody can do who misses one symbol, or several. */
    default String remedy(boolean several) {
        return "install the driver that exports " + (several ? "them" : "it") + " first";
    }

    /** The place of a thread-local variable that is no shared library's, or null. */
    default @Nullable ThreadLocalPlace findThreadLocal(String name) {
        return null;
    }

    /** Offline: where such a variable lies, counted from this module's block, or -1 where that is not known. */
    default long findThreadLocalOffset(String name) {
        return -1;
    }
}
