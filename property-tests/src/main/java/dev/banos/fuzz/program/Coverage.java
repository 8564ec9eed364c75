package dev.banos.fuzz.program;

import java.util.Arrays;

/**
 * What the programs that ran did: a fuzzer that reports nothing may have tried nothing. Counted from the program's text
 * where that is enough, so that the running operations are not slowed.
 */
public final class Coverage {
    public static final int COUNTERS;

    /** Where most allocators begin to map blocks of their own. */
    private static final long MAPPED = 64 << 10;

    private static final int KIND = 0;
    private static final int SIZE_LOG2 = KIND + Operations.KINDS;
    private static final int AT_BOUNDARY = SIZE_LOG2 + Long.SIZE + 1;
    private static final int THREADS = AT_BOUNDARY + 1;
    private static final int IN_PLACE = THREADS + Operations.LARGEST_THREADS + 1;
    private static final int MOVED = IN_PLACE + 1;
    private static final int ACROSS = MOVED + 1;
    private static final int REFUSED = ACROSS + 1;
    private static final int WRONG_FREES = REFUSED + 1;
    private static final int PROGRAMS = WRONG_FREES + 1;

    static {
        COUNTERS = PROGRAMS + 1;
    }

    private final long[] counters = new long[COUNTERS];

    public void begin(Operations program) {
        int threads = 1;
        for (int i = 0; i < program.length(); i++) {
            int kind = program.kind(i);
            counters[KIND + kind]++;
            if (kind < Operations.FREE) {
                long size = program.size(i);
                counters[SIZE_LOG2 + Long.SIZE - Long.numberOfLeadingZeros(size)]++;
                counters[AT_BOUNDARY] += isAtBoundary(size) ? 1 : 0;
            }
            threads = Math.max(threads, program.thread(i) + 1);
        }
        counters[THREADS + threads]++;
        counters[PROGRAMS]++;
    }

    /** Within one byte of a power of two or of a page. */
    private static boolean isAtBoundary(long size) {
        long near = size + 1 & -4;
        return Long.bitCount(near) == 1 || near != 0 && (near & Bytes.PAGE - 1) == 0;
    }

    public void reallocated(boolean inPlace, long from, long to) {
        counters[inPlace ? IN_PLACE : MOVED]++;
        if (from < MAPPED != to < MAPPED) {
            counters[ACROSS]++;
        }
    }

    public void refused() {
        counters[REFUSED]++;
    }

    public void wrongFree() {
        counters[WRONG_FREES]++;
    }

    long programs() {
        return counters[PROGRAMS];
    }

    public long operations() {
        return Arrays.stream(counters, KIND, KIND + Operations.KINDS).sum();
    }

    public long[] counters() {
        return counters;
    }

    public void add(long[] others) {
        Arrays.setAll(counters, i -> counters[i] + others[i]);
    }

    public void clear() {
        Arrays.fill(counters, 0);
    }

    /** A few lines for a person. */
    @Override
    public String toString() {
        return String.format(
                "operations  malloc %,d  calloc %,d  realloc %,d (%,d in place, %,d moved)  aligned %,d  free %,d  check %,d%n"
                + "edges       %,d sizes at a boundary  %,d reallocs across 64 KiB  %,d refusals  %,d wrong frees reported%n"
                + "sizes       %s%n"
                + "threads     %s",
                counters[KIND + Operations.MALLOC], counters[KIND + Operations.CALLOC], counters[KIND + Operations.REALLOC],
                counters[IN_PLACE], counters[MOVED], counters[KIND + Operations.ALIGNED],
                counters[KIND + Operations.FREE] + counters[KIND + Operations.FREE_TWICE], counters[KIND + Operations.CHECK],
                counters[AT_BOUNDARY], counters[ACROSS], counters[REFUSED], counters[WRONG_FREES], sizes(), threads());
    }

    private String sizes() {
        StringBuilder text = new StringBuilder();
        text.append(share(0, 0, "0")).append(share(1, 6, "<64")).append(share(7, 10, "<1K")).append(share(11, 12, "<4K"))
                .append(share(13, 16, "<64K")).append(share(17, 20, "<1M")).append(share(21, 47, "1M.."))
                .append(share(48, Long.SIZE, "impossible"));
        return text.toString().strip();
    }

    private String share(int from, int to, String name) {
        long sum = Arrays.stream(counters, SIZE_LOG2 + from, SIZE_LOG2 + to + 1).sum();
        return String.format("%s %,d  ", name, sum);
    }

    private String threads() {
        StringBuilder text = new StringBuilder();
        for (int threads = 1; threads <= Operations.LARGEST_THREADS; threads++) {
            if (counters[THREADS + threads] > 0) {
                text.append(String.format("%d in %,d programs  ", threads, counters[THREADS + threads]));
            }
        }
        return text.append(String.format("exits %,d  closes %,d", counters[KIND + Operations.EXIT], counters[KIND + Operations.CLOSE])).toString();
    }
}
