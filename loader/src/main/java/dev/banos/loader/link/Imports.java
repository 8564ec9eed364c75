package dev.banos.loader.link;

/** Where a module's undefined symbols come from. */
@FunctionalInterface
public interface Imports {
    /** The symbol's address, or 0 where it is nowhere. */
    long find(String name);

    /** Where a thread-local variable of another module lies, counted from this module's block, or -1 where that is not known. */
    default long findThreadLocal(String name) {
        return -1;
    }
}
