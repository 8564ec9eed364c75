/** Blocks of sizes on both sides of a threshold, and one that crosses it each way. */
final class Edges {
    public static void main(String[] args) {
        long[] blocks = new long[2000];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = Memory.UNSAFE.allocateMemory(i + 1);
            Memory.UNSAFE.putByte(blocks[i] + i, (byte) i);
        }
        for (int i = 0; i < blocks.length; i++) {
            long moved = Memory.UNSAFE.reallocateMemory(blocks[i], blocks.length - i + 2000);
            if (Memory.UNSAFE.getByte(moved + i) != (byte) i) {
                throw new AssertionError("block " + i);
            }
            Memory.UNSAFE.freeMemory(moved);
        }
        System.out.println("done");
    }
}
