package dev.banos.loader.types;

import dev.banos.loader.elf.Refusal;

/**
 * How much work and memory a file's type information may cost, in proportion to its bytes. Offsets that all lead to the same bytes
 * could otherwise make a small file cost any amount of either.
 */
final class Budget {
    private static final long STEPS_PER_BYTE = 64;
    private static final long KEPT_PER_BYTE = 4;
    /** gcc and clang leave nine bytes and more for what becomes an entry in memory. */
    private static final long BYTES_PER_ENTRY = 4;
    private static final long EXPANDED_PER_BYTE = 32;
    /** So that small files are never near a limit. */
    private static final long BASE = 1 << 16;

    private final String file;
    private long sections;
    private long steps = BASE;
    private long kept = BASE;
    private long entries = BASE;

    /** @param bytes of the whole file */
    Budget(String file, long bytes) {
        this.file = file;
        this.sections = BASE + bytes * EXPANDED_PER_BYTE;
    }

    /** Takes note of a section, which may have been compressed and may share its bytes with others. */
    void section(long bytes) {
        sections -= bytes;
        if (sections < 0) {
            throw tooMuch("memory");
        }
        steps += bytes * STEPS_PER_BYTE;
        kept += bytes * KEPT_PER_BYTE;
        entries += bytes / BYTES_PER_ENTRY;
    }

    void spend(long count) {
        steps -= count;
        if (steps < 0) {
            throw tooMuch("time");
        }
    }

    /** @param bytes that stay in memory beyond the file's own */
    void keep(long bytes) {
        kept -= bytes;
        if (kept < 0) {
            throw tooMuch("memory");
        }
    }

    /** Takes note of an entry, which is some two hundred bytes in memory, however few it is in the file. */
    void entry() {
        entries--;
        if (entries < 0) {
            throw tooMuch("memory");
        }
    }

    private Refusal tooMuch(String what) {
        return Refusal.malformed(file, null, -1, "its type information would take more " + what + " than its size explains:"
                + " parts of it are read over and over, or hold nothing");
    }
}
