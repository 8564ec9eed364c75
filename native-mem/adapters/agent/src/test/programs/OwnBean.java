import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.MemoryInsight;
import java.lang.management.ManagementFactory;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.openmbean.CompositeData;

/** A program that uses Banos itself, and shows it in the same server as the agent. */
final class OwnBean {
    public static void main(String[] args) throws Exception {
        Heap.create(HeapOptions.shared().named("mine")).malloc(100_000); // stays open, for the end of the recording
        MemoryInsight.register();
        MemoryInsight.register();
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        for (ObjectName name : server.queryNames(new ObjectName(MemoryInsight.MXBEAN_NAME + ",*"), null)) {
            for (CompositeData heap : (CompositeData[]) server.getAttribute(name, "Heaps")) {
                System.out.println(name + ": " + heap.get("heap"));
            }
        }
    }
}
