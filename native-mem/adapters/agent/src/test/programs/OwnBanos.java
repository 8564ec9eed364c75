import dev.banos.mem.Malloc;
import dev.banos.mem.insight.LeakTracking;

/** A program that uses Banos itself, beside the agent that has its own. */
final class OwnBanos {
    public static void main(String[] args) {
        long own = Malloc.malloc(100);
        long agents = Memory.UNSAFE.allocateMemory(100);
        System.out.println("owns " + Malloc.owns(own) + " " + Malloc.owns(agents));
        System.out.println("leaks " + LeakTracking.level() + ", keeps " + Malloc.mappingCacheBytes() + ", usable " + Malloc.usableSize(own));
        System.out.println("properties " + System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("banos.")).sorted().toList());
        Malloc.free(own);
        Memory.UNSAFE.freeMemory(agents);
    }
}
