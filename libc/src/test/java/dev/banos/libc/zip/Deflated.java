package dev.banos.libc.zip;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.zip.Deflater;

/** Data of several shapes, and streams that zlib makes of them. */
final class Deflated {
    enum Shape {
        NOISE {
            @Override
            int next(Random random, byte[] before, int at) {
                return random.nextInt();
            }
        },
        SKEWED {
            @Override
            int next(Random random, byte[] before, int at) {
                return (int) (random.nextGaussian() * 12) + 64;
            }
        },
        /** What was compressed before: nearly all literals have codewords of eight bits, and a match is rare. */
        DENSE {
            private static final int COMMON_VALUES = 245;

            @Override
            int next(Random random, byte[] before, int at) {
                return switch (random.nextInt(200)) {
                    case 0 -> random.nextInt();
                    case 1 -> at > 10 ? before[at - 10] : 0;
                    default -> at > 10 && before[at - 1] == before[Math.max(0, at - 11)]
                            ? before[at - 10]
                            : random.nextInt(COMMON_VALUES);
                };
            }
        },
        FEW_VALUES {
            @Override
            int next(Random random, byte[] before, int at) {
                return random.nextInt(3);
            }
        },
        RUNS {
            @Override
            int next(Random random, byte[] before, int at) {
                return at > 0 && random.nextInt(300) > 0 ? before[at - 1] : random.nextInt();
            }
        },
        /** Mostly copies, from near and from far. */
        ECHO {
            private int distance;

            @Override
            int next(Random random, byte[] before, int at) {
                if (random.nextInt(20) == 0) {
                    distance = 1 + random.nextInt(random.nextBoolean() ? 16 : 33_000);
                }
                return distance > 0 && distance <= at ? before[at - distance] : random.nextInt();
            }
        };

        abstract int next(Random random, byte[] before, int at);

        byte[] bytes(int count, long seed) {
            Random random = new Random(seed);
            byte[] bytes = new byte[count];
            for (int at = 0; at < count; at++) {
                bytes[at] = (byte) next(random, bytes, at);
            }
            return bytes;
        }
    }

    private Deflated() {
    }

    /** @param strategy one of {@link Deflater}'s, or 4 for the fixed code alone */
    static byte[] stream(byte[] data, int level, int strategy, boolean raw) {
        return stream(data, level, strategy, raw, new byte[0]);
    }

    static byte[] stream(byte[] data, int level, int strategy, boolean raw, byte[] dictionary) {
        Deflater deflater = new Deflater(level, raw);
        try {
            deflater.setStrategy(strategy);
            if (dictionary.length > 0) {
                deflater.setDictionary(dictionary);
            }
            deflater.setInput(data);
            deflater.finish();
            ByteArrayOutputStream stream = new ByteArrayOutputStream();
            byte[] chunk = new byte[1 << 12];
            while (!deflater.finished()) {
                stream.write(chunk, 0, deflater.deflate(chunk));
            }
            return stream.toByteArray();
        } finally {
            deflater.end();
        }
    }

    /** Changes some bits, or bytes, or cuts: mostly near the front, where the headers are. */
    static byte[] mutate(byte[] stream, long seed) {
        Random random = new Random(seed);
        byte[] mutant = stream.clone();
        for (int left = 1 + random.nextInt(3); left > 0 && mutant.length > 0; left--) {
            int at = random.nextInt(random.nextBoolean() ? mutant.length : Math.min(mutant.length, 100));
            switch (random.nextInt(8)) {
                case 0 -> mutant[at] = (byte) random.nextInt();
                case 1 -> mutant = java.util.Arrays.copyOf(mutant, at);
                default -> mutant[at] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            }
        }
        return mutant;
    }
}
