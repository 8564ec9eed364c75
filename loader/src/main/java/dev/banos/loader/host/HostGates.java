package dev.banos.loader.host;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.MachineCode;
import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.ProcessEnd;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What C calls in the place of the host's functions. It calls Java while the JVM takes calls; where it takes none, in what C runs at the
 * end of the process, a call would end that at once, and the gate does nothing and returns 0.
 *
 * <pre>
 *     is this the thread in exit? ─yes──┐
 *     is there a JVM? ─────────────no───┤
 *     jmp function                      └─► return afterwards
 *
 *     a page: 32 gates of the same code  │ a page: what each of them reads, at the same distance
 *                                        │ +0 function  +8 afterwards  +16 exiting  +24 created VMs
 * </pre>
 * Other threads than the one in {@code exit} go on into the JVM, which stops them there, as it does with all. Called under the lock of
 * {@link HostFunctions}.
 */
final class HostGates {
    private static final String NAME = "the host's functions";
    private static final int PAGE = Architecture.PAGE_BYTES;
    private static final int GATE_BYTES = 128;
    private static final int AFTERWARDS = 8;
    private static final int EXITING = 16;
    private static final int CREATED_VMS = 24;

    private final List<Long> pages = new ArrayList<>();
    private int next = PAGE;

    /**
     * The gate before a function.
     *
     * @param pointer whether what it returns is written into without a look
     */
    MemorySegment before(MemorySegment function, boolean pointer) {
        if (Architecture.hostMachine() != Elf.EM_X86_64) {
            return function;
        }
        if (next == PAGE) {
            pages.add(page());
            next = 0;
        }
        long page = pages.getLast();
        int read = PAGE + next;
        AddressSpace.protect(NAME, page + PAGE, PAGE, SystemCalls.PROT_READ | SystemCalls.PROT_WRITE);
        Image image = Image.mapped(2 * PAGE, page);
        image.put64(read + AFTERWARDS, pointer ? ProcessEnd.spare() : 0);
        image.put64(read + EXITING, ProcessEnd.exiting());
        image.put64(read + CREATED_VMS, ProcessEnd.createdVms());
        image.put64(read, function.address());
        AddressSpace.protect(NAME, page + PAGE, PAGE, SystemCalls.PROT_READ);
        next += GATE_BYTES;
        return Native.segment(page + read - PAGE, 0);
    }

    private static long page() {
        long page = AddressSpace.near().map(NAME, 2 * PAGE, PAGE, true);
        Image.mapped(PAGE, page).copy(gates(), 0, 0, PAGE);
        try {
            AddressSpace.protect(NAME, page, PAGE, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
        } catch (Refusal refused) {
            AddressSpace.near().unmap(page, 2 * PAGE);
            throw refused;
        }
        return page;
    }

    /** One is written, and copied: a JVM that has just started interprets this. */
    private static byte[] gates() {
        Image first = Image.inHeap(PAGE, 0);
        write(new MachineCode(first, 0), PAGE);
        byte[] gates = first.bytes();
        for (int gate = GATE_BYTES; gate < PAGE; gate += GATE_BYTES) {
            System.arraycopy(gates, 0, gates, gate, GATE_BYTES);
        }
        return gates;
    }

    private static void write(MachineCode code, int read) {
        code.bytes(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0);              // 00 mov %fs:0,%rax
        code.bytes(0x4c, 0x8b, 0x1d).distance(read + EXITING);             // 09 mov exiting(%rip),%r11
        code.bytes(0x49, 0x39, 0x03, 0x74, 0x3d);                          // 10 cmp %rax,(%r11); je 52
        code.bytes(0x48, 0x8b, 0x05).distance(read + CREATED_VMS);         // 15 mov created(%rip),%rax
        code.bytes(0x48, 0x85, 0xc0, 0x74, 0x2b);                          // 1c test %rax,%rax; je 4c
        code.bytes(0x57, 0x56, 0x52, 0x51, 0x41, 0x50, 0x41, 0x51);        // 21 push what holds arguments
        code.bytes(0x48, 0x83, 0xec, 0x18, 0x31, 0xff, 0x31, 0xf6);        // 29 sub $24,%rsp; xor %edi,%edi; xor %esi,%esi
        code.bytes(0x48, 0x8d, 0x54, 0x24, 0x08, 0xff, 0xd0);              // 31 lea 8(%rsp),%rdx; call *%rax
        code.bytes(0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18);        // 38 mov 8(%rsp),%eax; add $24,%rsp
        code.bytes(0x41, 0x59, 0x41, 0x58, 0x59, 0x5a, 0x5e, 0x5f);        // 40 pop them
        code.bytes(0x85, 0xc0, 0x74, 0x06);                                // 48 test %eax,%eax; je 52
        code.bytes(0xff, 0x25).distance(read);                             // 4c jmp *function(%rip)
        code.bytes(0x48, 0x8b, 0x05).distance(read + AFTERWARDS);          // 52 mov afterwards(%rip),%rax
        code.bytes(0xc3);                                                  // 59 ret
    }

    void unmap() {
        pages.forEach(page -> AddressSpace.near().unmap(page, 2 * PAGE));
        pages.clear();
    }
}
