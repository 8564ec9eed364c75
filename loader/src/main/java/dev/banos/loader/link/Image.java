package dev.banos.loader.link;

/**
 * The bytes of a module before they are in its memory, and the address where they will be. Single bytes are stored by hand:
 * the compiler merges them into one store, and in a JVM just started, where a first load runs interpreted, they cost less than
 * a VarHandle or a segment (README, "Speed").
 */
final class Image {
    private final byte[] bytes;
    private final long base;

    Image(int size, long base) {
        this.bytes = new byte[size];
        this.base = base;
    }

    byte[] bytes() {
        return bytes;
    }

    long base() {
        return base;
    }

    long address(int at) {
        return base + at;
    }

    int get8(int at) {
        return bytes[at] & 0xff;
    }

    int get16(int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
    }

    int get32(int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }

    long get64(int at) {
        return get32(at) & 0xffff_ffffL | (long) get32(at + 4) << 32;
    }

    void put8(int at, int value) {
        bytes[at] = (byte) value;
    }

    void put16(int at, int value) {
        bytes[at] = (byte) value;
        bytes[at + 1] = (byte) (value >> 8);
    }

    void put32(int at, int value) {
        bytes[at] = (byte) value;
        bytes[at + 1] = (byte) (value >> 8);
        bytes[at + 2] = (byte) (value >> 16);
        bytes[at + 3] = (byte) (value >> 24);
    }

    void put64(int at, long value) {
        put32(at, (int) value);
        put32(at + 4, (int) (value >> 32));
    }
}
