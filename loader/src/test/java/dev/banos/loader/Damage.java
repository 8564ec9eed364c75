package dev.banos.loader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Changes a few numbers of an ELF object, rather those that matter: its header, section headers and tables. */
public final class Damage {
    private Damage() {
    }

    public static byte[] to(byte[] bytes, Random random) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int tables = (int) buffer.getLong(40);
        int sections = buffer.getShort(60);
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            switch (random.nextInt(6)) {
                case 0 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                case 1 -> bytes[random.nextInt(64)] = (byte) random.nextInt();
                case 2 -> buffer.putLong(tables + random.nextInt(sections * 8) * 8, interesting(random, bytes.length));
                case 3 -> buffer.putInt(tables + random.nextInt(sections * 16) * 4, (int) interesting(random, sections));
                case 4 -> insideTable(buffer, tables, random.nextInt(sections), random);
                default -> {
                    if (random.nextInt(10) == 0) {
                        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
                    }
                }
            }
        }
        return bytes;
    }

    /** A number inside a symbol table, a relocation table, or any other section. */
    private static void insideTable(ByteBuffer buffer, int tables, int section, Random random) {
        long offset = buffer.getLong(tables + section * 64 + 24);
        long size = buffer.getLong(tables + section * 64 + 32);
        if (offset < 0 || size < 8 || offset > buffer.capacity() || size > buffer.capacity() - offset) {
            return;
        }
        int at = (int) (offset + random.nextInt((int) (size / 8)) * 8);
        if (random.nextBoolean()) {
            buffer.putLong(at, interesting(random, (int) size));
        } else {
            buffer.putInt(at + 4 * random.nextInt(2), (int) interesting(random, 50));
        }
    }

    private static long interesting(Random random, int around) {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> Long.MAX_VALUE;
            case 3 -> Long.MIN_VALUE;
            case 4 -> random.nextInt(Math.max(1, around) * 2);
            case 5 -> around + random.nextInt(3) - 1L;
            case 6 -> 1L << random.nextInt(64);
            default -> random.nextLong();
        };
    }
}
