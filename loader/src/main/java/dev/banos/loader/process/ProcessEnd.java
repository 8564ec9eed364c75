package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.MachineCode;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * The end of the process as code sees it that cannot ask Java: C's {@code exit} runs what modules registered with {@code __cxa_atexit},
 * their static objects' destructors among it, when the JVM takes no calls any more; and the thread that destroyed the JVM runs the
 * destructors of its thread-local objects after that. Modules register through a function of ours, which registers a note of ours behind
 * each: C runs the youngest first, so the note is there before any of theirs.
 *
 * <pre>
 *     0         note     mov %fs:0,%rax; mov %rax,exiting(%rip); ret
 *     32        atexit   sub $8,%rsp; call *register(%rip); mov %eax,4(%rsp); lea note(%rip),%rdi; xor %esi,%esi; xor %edx,%edx
 *                        call *register(%rip); mov 4(%rsp),%eax; add $8,%rsp; ret
 *     a page    exiting  the thread pointer of the thread that is in exit, or 0
 *     + 8       register __cxa_atexit
 *     + 16      spare    something to write into, for who gets a pointer at that time
 *     + 24      the name of JNI_GetCreatedJavaVMs
 * </pre>
 * Two pages for all of the process, which stay: C has their addresses. x86-64's.
 */
public final class ProcessEnd {
    /** What a module registers with. */
    public static final String REGISTER = "__cxa_atexit";

    private static final String NAME = "the end of the process";
    private static final int PAGE = Architecture.PAGE_BYTES;
    private static final int ATEXIT = 32;
    private static final int REGISTER_AT = PAGE + Long.BYTES;
    private static final int SPARE_AT = REGISTER_AT + Long.BYTES;
    private static final int NAME_AT = SPARE_AT + Long.BYTES;
    /** Knows whether the JVM is gone, also then. */
    private static final byte[] CREATED_VMS = "JNI_GetCreatedJavaVMs".getBytes(StandardCharsets.US_ASCII);

    /** 0 until somebody asks. */
    private static long base;
    private static long createdVms;

    private ProcessEnd() {
    }

    private static synchronized long base() {
        base = base != 0 ? base : make();
        return base;
    }

    /** The function for modules in the place of {@link #REGISTER}. */
    public static long register() {
        return base() + ATEXIT;
    }

    /** Where the thread pointer of the thread stands that is in {@code exit}. */
    public static long exiting() {
        return base() + PAGE;
    }

    /** Some bytes that may be read and written. */
    public static long spare() {
        return base() + SPARE_AT;
    }

    /** A function that tells how many JVMs there are, or 0. */
    public static synchronized long createdVms() {
        base();
        return createdVms;
    }

    private static long make() {
        long pages = AddressSpace.near().map(NAME, 2 * PAGE, PAGE, true);
        Image image = Image.mapped(2 * PAGE, pages);
        MachineCode note = new MachineCode(image, 0);
        note.bytes(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0);
        note.bytes(0x48, 0x89, 0x05).distance(PAGE);
        note.bytes(0xc3);
        MachineCode atexit = new MachineCode(image, ATEXIT);
        atexit.bytes(0x48, 0x83, 0xec, 0x08, 0xff, 0x15).distance(REGISTER_AT);
        atexit.bytes(0x89, 0x44, 0x24, 0x04, 0x48, 0x8d, 0x3d).distance(0);
        atexit.bytes(0x31, 0xf6, 0x31, 0xd2, 0xff, 0x15).distance(REGISTER_AT);
        atexit.bytes(0x8b, 0x44, 0x24, 0x04, 0x48, 0x83, 0xc4, 0x08, 0xc3);
        image.put64(REGISTER_AT, CLibrary.find(REGISTER));
        // By the one type of downcall that a first load makes anyway, and without a segment that takes a string.
        image.copy(CREATED_VMS, 0, NAME_AT, CREATED_VMS.length);
        createdVms = SystemCalls.call(MemorySegment.ofAddress(CLibrary.find("dlsym")), 0, pages + NAME_AT, 0);
        try {
            AddressSpace.protect(NAME, pages, PAGE, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
        } catch (Refusal refused) {
            AddressSpace.near().unmap(pages, 2 * PAGE);
            throw refused;
        }
        return pages;
    }
}
