package dev.banos.mem;

import dev.banos.bindings.Setting;
import java.util.ArrayList;
import java.util.List;

/**
 * Which mistakes a heap looks for beyond wrong frees, for {@link HeapOptions#hardened}; docs/hardening.md has the prices. For
 * malloc, {@code -Dbanos.mem.hardening=zero,canary,quarantine,random,guard,sample} says the same. Begin with {@link #NONE} or
 * {@link #ALL}; each method returns a value that differs in one thing.
 *
 * @param zero freed blocks are overwritten with zeros, and new ones are zero
 * @param canary the bytes behind a block, to the end of its slot and at least 8, hold a secret that its free checks
 * @param quarantineBytes how many bytes of freed blocks are held back, filled with a pattern, before they are used again; a
 *     block that is a mapping loses its memory and its access meanwhile, and counts as one page. 0: none
 * @param random slots are given out in random order, and leave the quarantine in random order instead of first in, first out
 * @param guard blocks that are mappings lie between two pages without access, and end at the second; so do blocks of size 0
 * @param sampleInterval one smaller block in so many is made like that, too. 0: none
 * @param stacks reports name who allocated and who freed a block
 */
public record Hardening(boolean zero, boolean canary, long quarantineBytes, boolean random, boolean guard, int sampleInterval,
        boolean stacks) {
    /** How many bytes {@code quarantine} holds if no number is given. */
    public static final long DEFAULT_QUARANTINE_BYTES = 1 << 20;
    /** The interval of {@code sample} if no number is given. */
    public static final int DEFAULT_SAMPLE_INTERVAL = 1000;

    /** An ordinary heap: wrong frees are found, and nothing else is looked for. */
    public static final Hardening NONE = new Hardening(false, false, 0, false, false, 0, false);
    /** Everything except stacks, which cost the most. */
    public static final Hardening ALL =
            new Hardening(true, true, DEFAULT_QUARANTINE_BYTES, true, true, DEFAULT_SAMPLE_INTERVAL, false);

    private static final String PROPERTY = "banos.mem.hardening";

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException for a negative number of bytes, or a negative interval
     */
    public Hardening {
        if (quarantineBytes < 0 || sampleInterval < 0) {
            throw new IllegalArgumentException("quarantineBytes=" + quarantineBytes + ", sampleInterval=" + sampleInterval
                    + ": neither may be negative, and 0 is none");
        }
    }

    /**
     * Reads the words of the property, which {@link #toString} writes, in any order. If a word occurs twice, the last number
     * counts.
     *
     * @param text words with commas between: {@code zero}, {@code canary}, {@code quarantine} or {@code quarantine:BYTES},
     *     {@code random}, {@code guard}, {@code sample} or {@code sample:INTERVAL}, {@code stacks}, {@code all}; empty for none
     * @return what the words say together
     * @throws IllegalArgumentException for any other word or number; the message lists the words
     */
    public static Hardening parse(String text) {
        Hardening parsed = NONE;
        for (String word : text.split(",")) {
            parsed = parsed.with(word.strip());
        }
        return parsed;
    }

    /** What the property says. */
    static Hardening ofMalloc() {
        return Setting.text(PROPERTY) == null ? NONE : Setting.value(PROPERTY, NONE, Hardening::parse);
    }

    /** Without {@link #equals}: to link that of a record takes a JVM that has just started ten milliseconds, and malloc asks. */
    boolean isNone() {
        return !(zero || canary || random || guard || stacks) && quarantineBytes == 0 && sampleInterval == 0;
    }

    private Hardening with(String word) {
        int colon = word.indexOf(':');
        long number = colon < 0 ? 0 : number(word, word.substring(colon + 1));
        return switch (colon < 0 ? word : word.substring(0, colon + 1)) {
            case "" -> this;
            case "zero" -> withZero();
            case "canary" -> withCanary();
            case "quarantine" -> withQuarantine(DEFAULT_QUARANTINE_BYTES);
            case "quarantine:" -> withQuarantine(number);
            case "random" -> withRandom();
            case "guard" -> withGuard();
            case "sample" -> withSample(DEFAULT_SAMPLE_INTERVAL);
            case "sample:" -> withSample(Math.clamp(number, -1, Integer.MAX_VALUE));
            case "stacks" -> withStacks();
            case "all" -> new Hardening(true, true, DEFAULT_QUARANTINE_BYTES, true, true, DEFAULT_SAMPLE_INTERVAL, stacks);
            default -> throw new IllegalArgumentException("hardening=" + word + ": the words are zero, canary, "
                    + "quarantine[:BYTES], random, guard, sample[:INTERVAL], stacks, all");
        };
    }

    private static long number(String word, String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException notOne) {
            throw new IllegalArgumentException("hardening=" + word + ": \"" + digits
                    + "\" is no number; give one without a unit, as quarantine:1048576 or sample:1000", notOne);
        }
    }

    /** {@return this with zeros written over freed blocks, so that new ones are zero} A secret does not outlive its free. */
    public Hardening withZero() {
        return new Hardening(true, canary, quarantineBytes, random, guard, sampleInterval, stacks);
    }

    /** {@return this with a secret behind each block, which its free checks} Finds writes past the end, even of 1 byte. */
    public Hardening withCanary() {
        return new Hardening(zero, true, quarantineBytes, random, guard, sampleInterval, stacks);
    }

    /**
     * Holds freed blocks back before they are used again. Finds writes to them, when they leave the quarantine and at
     * {@link Heap#verify}, and keeps a freed address from being another block's at once.
     *
     * @param bytes how many bytes of freed blocks are held back at most; 0: none
     * @return this with a quarantine of that size
     * @throws IllegalArgumentException when {@code bytes} is negative
     */
    public Hardening withQuarantine(long bytes) {
        return new Hardening(zero, canary, bytes, random, guard, sampleInterval, stacks);
    }

    /** {@return this with slots given out in random order} Nobody can predict which block is behind which. */
    public Hardening withRandom() {
        return new Hardening(zero, canary, quarantineBytes, true, guard, sampleInterval, stacks);
    }

    /**
     * {@return this with pages without access around each block that is a mapping} An access past the end faults at that
     * instruction, which ends the process.
     */
    public Hardening withGuard() {
        return new Hardening(zero, canary, quarantineBytes, random, true, sampleInterval, stacks);
    }

    /**
     * Makes some of the smaller blocks as {@link #withGuard} makes the larger ones.
     *
     * @param interval one allocation in so many, on average; 0: none
     * @return this with samples
     * @throws IllegalArgumentException when {@code interval} is negative
     */
    public Hardening withSample(int interval) {
        return new Hardening(zero, canary, quarantineBytes, random, guard, interval, stacks);
    }

    /** {@return this with the stacks of allocation and free in each report} Costs a walk of the stack for each of them. */
    public Hardening withStacks() {
        return new Hardening(zero, canary, quarantineBytes, random, guard, sampleInterval, true);
    }

    /** {@return the words that {@link #parse} reads; empty for {@link #NONE}} */
    @Override
    public String toString() {
        List<String> words = new ArrayList<>();
        add(words, zero, "zero");
        add(words, canary, "canary");
        add(words, quarantineBytes > 0, "quarantine:" + quarantineBytes);
        add(words, random, "random");
        add(words, guard, "guard");
        add(words, sampleInterval > 0, "sample:" + sampleInterval);
        add(words, stacks, "stacks");
        return String.join(",", words);
    }

    private static void add(List<String> words, boolean is, String word) {
        if (is) {
            words.add(word);
        }
    }
}
