package dev.banos.loader.process;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.OwnCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The end of the process as code sees it that cannot ask Java: C's {@code exit} runs what modules registered with {@code __cxa_atexit},
 * their static objects' destructors among it, when the JVM takes no calls any more; and the thread that destroyed the JVM runs the
 * destructors of its thread-local objects after that. Modules register through a function of ours, which registers a note of ours behind
 * each: C runs the youngest first, so the note is there before any of theirs. A note has a handle of its own, the one behind its module's:
 * so it does not run when the module's functions do at an uninstall, and is taken out after them.
 *
 * <pre>
 *     0         note     writes the thread pointer to exiting, unless it is being taken out
 *     32        atexit   registers as its caller wants, then the note
 *     a page    exiting  the thread pointer of the thread that is in exit, or 0
 *     + 8       register __cxa_atexit
 *     + 16      spare    something to write into, for who gets a pointer at that time
 *     + 24      forgotten the handle whose notes are being taken out, or 0
 *     + 32      the name of JNI_GetCreatedJavaVMs
 * </pre>
 * Two pages for all of the process, which stay: C has their addresses.
 */
public final class ProcessEnd {
    /** What a module registers with. */
    public static final String REGISTER = "__cxa_atexit";

    private static final String NAME = "the end of the process";
    private static final int PAGE = Architecture.PAGE_BYTES;
    private static final int ATEXIT = 32;
    private static final int REGISTER_AT = PAGE + Long.BYTES;
    private static final int SPARE_AT = REGISTER_AT + Long.BYTES;
    private static final int FORGOTTEN_AT = SPARE_AT + Long.BYTES;
    private static final int NAME_AT = FORGOTTEN_AT + Long.BYTES;
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

    /**
     * Takes out a module's notes. C takes an entry out by calling it, so they are told to do nothing.
     *
     * @param dsoHandle what the module registered its functions with, which are out already
     */
    public static synchronized void forget(long dsoHandle) {
        if (base == 0) {
            return;
        }
        Native.EVERYTHING.set(ValueLayout.JAVA_LONG, base + FORGOTTEN_AT, dsoHandle + 1);
        try {
            NativeCalls.call(CLibrary.find("__cxa_finalize"), dsoHandle + 1);
        } finally {
            Native.EVERYTHING.set(ValueLayout.JAVA_LONG, base + FORGOTTEN_AT, 0);
        }
    }

    private static long make() {
        long pages = AddressSpace.near().map(NAME, 2 * PAGE, PAGE, true);
        Image image = Image.mapped(2 * PAGE, pages);
        OwnCode code = OwnCode.host();
        code.note(image, 0, FORGOTTEN_AT, PAGE);
        code.atexit(image, ATEXIT, REGISTER_AT, 0);
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
