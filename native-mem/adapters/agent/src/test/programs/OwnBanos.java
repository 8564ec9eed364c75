import dev.banos.mem.Malloc;

/** A program that uses Banos itself, beside the agent that has its own. */
final class OwnBanos {
    public static void main(String[] args) {
        long own = Malloc.malloc(100);
        long agents = Memory.UNSAFE.allocateMemory(100);
        System.out.println("owns " + Malloc.owns(own) + " " + Malloc.owns(agents));
        Malloc.free(own);
        Memory.UNSAFE.freeMemory(agents);
    }
}
