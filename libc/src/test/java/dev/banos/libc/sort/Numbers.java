package dev.banos.libc.sort;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Objects;

/** Numbers of any kind of key as segments, and how {@code java.util.Arrays} sorts them. */
final class Numbers {
    private Numbers() {
    }

    /** The low bits of each number; narrow floats by conversion, so that the extremes stay extreme; one NaN only. */
    static void store(Key key, long[] numbers, MemorySegment segment) {
        for (int i = 0; i < numbers.length; i++) {
            switch (key) {
                case U8, I8 -> segment.set(ValueLayout.JAVA_BYTE, i, (byte) numbers[i]);
                case U16, I16 -> segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) numbers[i]);
                case U32, I32 -> segment.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, (int) numbers[i]);
                case F32 -> segment.set(ValueLayout.JAVA_INT_UNALIGNED, 4L * i, Float.floatToIntBits((float) Double.longBitsToDouble(numbers[i])));
                case U64, I64 -> segment.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, numbers[i]);
                case F64 -> segment.set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i, Double.doubleToLongBits(Double.longBitsToDouble(numbers[i])));
            }
        }
    }

    /** A sorted array of the Java type of the same width and order; for unsigned kinds by way of the signed one. */
    static Object sorted(Key key, MemorySegment segment) {
        return switch (key) {
            case U8, I8 -> {
                byte[] bytes = segment.toArray(ValueLayout.JAVA_BYTE);
                flip(key, bytes);
                Arrays.sort(bytes);
                flip(key, bytes);
                yield bytes;
            }
            case U16 -> {
                char[] chars = segment.toArray(ValueLayout.JAVA_CHAR_UNALIGNED);
                Arrays.sort(chars);
                yield chars;
            }
            case I16 -> {
                short[] shorts = segment.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
                Arrays.sort(shorts);
                yield shorts;
            }
            case U32, I32 -> {
                int[] ints = segment.toArray(ValueLayout.JAVA_INT_UNALIGNED);
                int flip = key == Key.U32 ? Integer.MIN_VALUE : 0;
                Arrays.setAll(ints, i -> ints[i] ^ flip);
                Arrays.sort(ints);
                Arrays.setAll(ints, i -> ints[i] ^ flip);
                yield ints;
            }
            case U64, I64 -> {
                long[] longs = segment.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
                long flip = key == Key.U64 ? Long.MIN_VALUE : 0;
                Arrays.setAll(longs, i -> longs[i] ^ flip);
                Arrays.sort(longs);
                Arrays.setAll(longs, i -> longs[i] ^ flip);
                yield longs;
            }
            case F32 -> {
                float[] floats = segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
                Arrays.sort(floats);
                yield floats;
            }
            case F64 -> {
                double[] doubles = segment.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
                Arrays.sort(doubles);
                yield doubles;
            }
        };
    }

    private static void flip(Key key, byte[] bytes) {
        for (int i = 0; key == Key.U8 && i < bytes.length; i++) {
            bytes[i] ^= Byte.MIN_VALUE;
        }
    }

    /** A failure that prints a hundred thousand numbers helps nobody. */
    static boolean areSorted(Key key, MemorySegment segment, Object expected) {
        return Objects.deepEquals(array(key, segment), expected);
    }

    private static Object array(Key key, MemorySegment segment) {
        return switch (key) {
            case U8, I8 -> segment.toArray(ValueLayout.JAVA_BYTE);
            case U16 -> segment.toArray(ValueLayout.JAVA_CHAR_UNALIGNED);
            case I16 -> segment.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
            case U32, I32 -> segment.toArray(ValueLayout.JAVA_INT_UNALIGNED);
            case U64, I64 -> segment.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
            case F32 -> segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
            case F64 -> segment.toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
        };
    }
}
