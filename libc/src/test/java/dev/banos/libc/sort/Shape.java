package dev.banos.libc.sort;

import java.util.Random;

/** The order in which a sort meets its numbers, and how they are spread. */
enum Shape {
    RANDOM {
        @Override
        long number(Random random, long i, long n) {
            return random.nextLong();
        }
    },
    SMALL_RANGE {
        @Override
        long number(Random random, long i, long n) {
            return random.nextInt(2000) - 1000;
        }
    },
    ASCENDING {
        @Override
        long number(Random random, long i, long n) {
            return (i - n / 2) * 0x0123_4567_89ABL;
        }
    },
    DESCENDING {
        @Override
        long number(Random random, long i, long n) {
            return (n / 2 - i) * 0x0123_4567_89ABL;
        }
    },
    CONSTANT {
        @Override
        long number(Random random, long i, long n) {
            return 0x1234_5678_9ABC_DEF0L;
        }
    },
    FEW_VALUES {
        @Override
        long number(Random random, long i, long n) {
            return random.nextInt(5) * 0x9E37_79B9_7F4A_7C15L;
        }
    },
    ORGAN_PIPE {
        @Override
        long number(Random random, long i, long n) {
            return Math.min(i, n - i) * 0x0003_0000_0001L;
        }
    },
    /** The highest bits nearly say nothing, the lowest everything: no window near the top tells these apart. */
    LOW_BITS_BELOW_ONE_OUTLIER {
        @Override
        long number(Random random, long i, long n) {
            return i == n / 3 ? Long.MAX_VALUE : random.nextInt(1 << 14);
        }
    },
    /** As above at every width: the window sees two values, the rest are as many as there are elements. */
    TOP_BIT_AND_LOW_BITS {
        @Override
        long number(Random random, long i, long n) {
            return (random.nextInt() & 0x8000_8000_8000_80FFL) | random.nextInt() & 0x3FL;
        }
    },
    FLOATING {
        @Override
        long number(Random random, long i, long n) {
            return Double.doubleToRawLongBits(random.nextGaussian());
        }
    },
    FLOATING_EXTREMES {
        private final double[] extremes = {0.0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, 1};

        @Override
        long number(Random random, long i, long n) {
            return Double.doubleToRawLongBits(extremes[random.nextInt(extremes.length)]);
        }
    };

    abstract long number(Random random, long i, long n);

    long[] numbers(int n, long seed) {
        Random random = new Random(seed);
        long[] numbers = new long[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = number(random, i, n);
        }
        return numbers;
    }
}
