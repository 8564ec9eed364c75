package dev.banos.loader.host;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.OwnCode;
import dev.banos.loader.machine.OwnCode.GateFields;
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
        OwnCode.host().gate(first, 0, new GateFields(PAGE, PAGE + AFTERWARDS, PAGE + EXITING, PAGE + CREATED_VMS));
        byte[] gates = first.bytes();
        for (int gate = GATE_BYTES; gate < PAGE; gate += GATE_BYTES) {
            System.arraycopy(gates, 0, gates, gate, GATE_BYTES);
        }
        return gates;
    }

    void unmap() {
        pages.forEach(page -> AddressSpace.near().unmap(page, 2 * PAGE));
        pages.clear();
    }
}
