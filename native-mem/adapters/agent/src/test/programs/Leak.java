/** Forgets a block, in a method whose name is to be in the report. */
final class Leak {
    public static void main(String[] args) {
        forget();
        System.out.println("done");
    }

    private static void forget() {
        Memory.UNSAFE.allocateMemory(1_000_000);
        for (int i = 0; i < 200; i++) {
            Memory.UNSAFE.allocateMemory(48);
        }
    }
}
