package dev.banos.mem.text;

/** Numbers of things in messages. */
public final class Counted {
    private Counted() {
    }

    /**
     * The word for so many.
     *
     * @param count how many there are
     * @param one what a single one is called
     * @return as in "1 block" and "2 blocks", without the number
     */
    public static String noun(long count, String one) {
        return count == 1 ? one : one + "s";
    }
}
