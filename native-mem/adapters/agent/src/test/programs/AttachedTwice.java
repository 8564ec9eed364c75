import com.sun.tools.attach.VirtualMachine;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;

/** Has the agent loaded while another one damages Unsafe, and again when that has stopped. Is that other agent, too. */
final class AttachedTwice {
    private static volatile boolean damages;

    public static void premain(String options, Instrumentation instrumentation) {
        instrumentation.addTransformer(new ClassFileTransformer() {
            @Override
            public byte[] transform(Module module, ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain,
                    byte[] classFile) {
                return damages && "sun/misc/Unsafe".equals(name) ? new byte[classFile.length] : null;
            }
        }, true);
    }

    public static void main(String[] args) throws Exception {
        allocate(); // so that Unsafe is loaded
        damages = true;
        load(args);
        damages = false;
        load(args);
        load(args);
        allocate();
        System.out.println("done");
    }

    private static void load(String[] args) throws Exception {
        VirtualMachine self = VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
        try {
            self.loadAgent(args[0], args[1]);
            System.out.println("loaded");
        } catch (Exception refused) {
            System.out.println("refused");
        } finally {
            self.detach();
        }
    }

    private static void allocate() {
        Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(60));
    }
}
