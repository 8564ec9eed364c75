package dev.banos.loader.link;

/** Where a module's undefined symbols come from. */
@FunctionalInterface
public interface Imports {
    /** The symbol's address, or 0 where it is nowhere. */
    long find(String name);
}
