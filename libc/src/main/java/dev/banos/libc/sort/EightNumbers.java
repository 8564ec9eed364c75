package dev.banos.libc.sort;

/**
 * Sorts eight numbers by a network: the same nineteen compare-and-exchange steps whatever they are, none of them a branch.
 * This sorts a shorter range as well where no number before it is greater and none behind it is less than its own: the
 * others in the window stay on their side.
 *
 * @see <a href="https://doi.org/10.1145/1468075.1468121">Batcher, Sorting networks and their applications</a>
 */
final class EightNumbers {
    static final int COUNT = 8;

    private EightNumbers() {
    }

    /** @param log the logarithm of a number's size in bytes */
    static void sort(int log, long at) {
        sortFour(log, at);
        sortFour(log, at + (4L << log));
        mergeFours(log, at);
    }

    /** Five exchanges in three rounds. */
    private static void sortFour(int log, long at) {
        long a = number(log, at, 0);
        long b = number(log, at, 1);
        long c = number(log, at, 2);
        long d = number(log, at, 3);
        long a1 = Math.min(a, c);
        long c1 = Math.max(a, c);
        long b1 = Math.min(b, d);
        long d1 = Math.max(b, d);
        long a2 = Math.min(a1, b1);
        long b2 = Math.max(a1, b1);
        long c2 = Math.min(c1, d1);
        long d2 = Math.max(c1, d1);
        long b3 = Math.min(b2, c2);
        long c3 = Math.max(b2, c2);
        setNumber(log, at, 0, a2);
        setNumber(log, at, 1, b3);
        setNumber(log, at, 2, c3);
        setNumber(log, at, 3, d2);
    }

    /** Batcher's merge of two sorted halves: nine exchanges in three rounds. */
    private static void mergeFours(int log, long at) {
        long a = number(log, at, 0);
        long b = number(log, at, 1);
        long c = number(log, at, 2);
        long d = number(log, at, 3);
        long e = number(log, at, 4);
        long f = number(log, at, 5);
        long g = number(log, at, 6);
        long h = number(log, at, 7);
        long a1 = Math.min(a, e);
        long e1 = Math.max(a, e);
        long b1 = Math.min(b, f);
        long f1 = Math.max(b, f);
        long c1 = Math.min(c, g);
        long g1 = Math.max(c, g);
        long d1 = Math.min(d, h);
        long h1 = Math.max(d, h);
        long c2 = Math.min(c1, e1);
        long e2 = Math.max(c1, e1);
        long d2 = Math.min(d1, f1);
        long f2 = Math.max(d1, f1);
        long b2 = Math.min(b1, c2);
        long c3 = Math.max(b1, c2);
        long d3 = Math.min(d2, e2);
        long e3 = Math.max(d2, e2);
        long f3 = Math.min(f2, g1);
        long g2 = Math.max(f2, g1);
        setNumber(log, at, 0, a1);
        setNumber(log, at, 1, b2);
        setNumber(log, at, 2, c3);
        setNumber(log, at, 3, d3);
        setNumber(log, at, 4, e3);
        setNumber(log, at, 5, f3);
        setNumber(log, at, 6, g2);
        setNumber(log, at, 7, h1);
    }

    private static long number(int log, long at, long i) {
        return Memory.getSigned(log, at + (i << log));
    }

    private static void setNumber(int log, long at, long i, long number) {
        Memory.setSigned(log, at + (i << log), number);
    }
}
