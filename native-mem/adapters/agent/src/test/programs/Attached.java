import com.sun.tools.attach.VirtualMachine;

/** Begins without the agent, allocates, and has it loaded then. */
final class Attached {
    public static void main(String[] args) throws Exception {
        long before = Memory.UNSAFE.allocateMemory(50);
        VirtualMachine self = VirtualMachine.attach(Long.toString(ProcessHandle.current().pid()));
        try {
            self.loadAgent(args[0], args[1]);
        } catch (Exception refused) {
            System.out.println("refused: " + refused.getMessage());
        } finally {
            self.detach();
        }
        freeAndAllocate(before);
        System.out.println("done");
    }

    /** The method above stays what it is until it returns. */
    private static void freeAndAllocate(long before) {
        Memory.UNSAFE.freeMemory(before);
        Memory.UNSAFE.freeMemory(Memory.UNSAFE.allocateMemory(60));
    }
}
