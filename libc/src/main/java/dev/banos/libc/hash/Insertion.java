package dev.banos.libc.hash;

/** What became of an insertion. */
public enum Insertion {
    /** The key was not there and is now. */
    INSERTED,
    /** The key was there already. */
    PRESENT,
    /** The key was not there, and there is no memory for it; the table is as it was. */
    OUT_OF_MEMORY
}
