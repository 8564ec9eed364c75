import com.sun.tools.attach.VirtualMachine;
import java.nio.file.Files;
import java.nio.file.Path;

/** Has the agent loaded four times, with other options each but the first, and says what the later ones have left. */
final class AttachedAgain {
    public static void main(String[] args) throws Exception {
        load(args[0], "stats");
        long before = addressSpace();
        for (int i = 0; i < 3; i++) {
            load(args[0], "stats,leaks=full,cache=1k");
        }
        System.out.println("address space grew by " + (addressSpace() - before >> 30) + " GiB");
        System.out.println("properties " + System.getProperties().stringPropertyNames().stream()
                .filter(name -> name.startsWith("banos.")).sorted().toList());
    }

    private static void load(String jar, String options) throws Exception {
        VirtualMachine self = VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
        try {
            self.loadAgent(jar, options);
            System.out.println("loaded");
        } catch (Exception refused) {
            System.out.println("refused");
        } finally {
            self.detach();
        }
    }

    private static long addressSpace() throws Exception {
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(each -> each.startsWith("VmSize")).findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
    }
}
