package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.elf.Refusal;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A module's thread-local variables. Only the dynamic linker can give every thread, also those that run already, a block of its
 * own; so it gets a tiny shared library that is nothing but such a block, in a file without a name.
 *
 * <pre>
 *     0       64        288        312   320       336           384       ...       aligned
 *     | ELF   | 4 × PT_ | symbol 0 | NUL | answers | relocations | dynamic | padding | initial values |
 *     | header| header  |          |     | 2 longs | 2 × Rela    |         |         |                |
 * </pre>
 * Its two relocations make the dynamic linker write the module's number and its distance from the thread pointer into the
 * answers. The second is there only if the code asks for that distance: then the block must lie in the room that glibc keeps
 * for late comers, about 1.5 KiB in all.
 */
final class TlsModule {
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int PROGRAM_HEADERS = 4;
    private static final int SYMBOLS = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
    private static final int SYMBOL_BYTES = 24;
    private static final int STRINGS = SYMBOLS + SYMBOL_BYTES;
    private static final int ANSWERS = STRINGS + Long.BYTES;
    private static final int RELOCATIONS = ANSWERS + 2 * Long.BYTES;
    private static final int RELOCATION_BYTES = 24;
    private static final int DYNAMIC = RELOCATIONS + 2 * RELOCATION_BYTES;
    private static final int DYNAMIC_ENTRIES = 9;
    private static final int DYNAMIC_END = DYNAMIC + DYNAMIC_ENTRIES * 2 * Long.BYTES;

    private static final int ET_DYN = 3;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_TLS = 7;
    /** Without it the dynamic linker takes the library for an old one, and makes all stacks executable for it. */
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int PF_R_W = 6;
    private static final int DF_STATIC_TLS = 16;
    private static final long R_X86_64_DTPMOD64 = 16;
    private static final long R_X86_64_TPOFF64 = 18;

    private final MemorySegment handle;
    private final long number;
    private final long distance;

    private TlsModule(MemorySegment handle, long number, long distance) {
        this.handle = handle;
        this.number = number;
        this.distance = distance;
    }

    /** What the dynamic linker calls the module in {@code __tls_get_addr}. */
    long number() {
        return number;
    }

    /** From the thread pointer to the block, the same in every thread; 0 where nobody asked for it. */
    long distance() {
        return distance;
    }

    void close() {
        SystemCalls.dlclose(handle);
    }

    /**
     * @param initial  the initial values; what follows them up to {@code size} is zero
     * @param distance whether the block's distance from the thread pointer is needed
     * @throws Refusal if the dynamic linker has no room for it
     */
    static TlsModule open(String file, byte[] initial, long size, long alignment, boolean distance) {
        byte[] library = library(initial, size, alignment, distance);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment state = Tcb.current().segment();
            int descriptor = SystemCalls.memfd_create(state, scope.allocateFrom("banos-tls"), Linux.MFD_CLOEXEC());
            if (descriptor < 0) {
                throw noRoom(file, size, "memfd_create: errno " + -descriptor);
            }
            MemorySegment bytes = scope.allocateFrom(ValueLayout.JAVA_BYTE, library);
            long written = SystemCalls.write(state, descriptor, bytes);
            MemorySegment handle = written != library.length ? MemorySegment.NULL
                    : SystemCalls.dlopen(scope.allocateFrom("/proc/self/fd/" + descriptor), Linux.RTLD_NOW() | Linux.RTLD_LOCAL());
            String cause = handle.address() == 0 ? SystemCalls.dlerror() : null;
            SystemCalls.close(state, descriptor);
            if (cause != null) {
                throw noRoom(file, size, cause);
            }
            // A handle of glibc's is its struct link_map, whose first member is the address where the library lies.
            long base = Native.segment(handle.address(), Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
            MemorySegment answers = Native.segment(base + ANSWERS, 2 * Long.BYTES);
            return new TlsModule(handle, answers.getAtIndex(ValueLayout.JAVA_LONG, 0),
                    answers.getAtIndex(ValueLayout.JAVA_LONG, 1));
        }
    }

    private static Refusal noRoom(String file, long size, String cause) {
        return new Refusal(Refusal.ENOMEM, file, null, -1, "no room for " + size + " bytes of thread-local variables: " + cause,
                "compile with -fPIC, which lets them lie anywhere, or make them fewer");
    }

    private static byte[] library(byte[] initial, long size, long alignment, boolean distance) {
        long start = DYNAMIC_END + alignment - 1 & -alignment;
        ByteBuffer file = ByteBuffer.allocate((int) start + initial.length).order(ByteOrder.LITTLE_ENDIAN);
        header(file);
        programHeader(file, 0, PT_LOAD, 0, file.capacity(), file.capacity(), Layout.PAGE_BYTES);
        programHeader(file, 1, PT_DYNAMIC, DYNAMIC, DYNAMIC_END - DYNAMIC, DYNAMIC_END - DYNAMIC, Long.BYTES);
        programHeader(file, 2, PT_TLS, start, initial.length, size, alignment);
        programHeader(file, 3, PT_GNU_STACK, 0, 0, 0, Long.BYTES);
        file.putLong(RELOCATIONS, ANSWERS).putLong(RELOCATIONS + Long.BYTES, R_X86_64_DTPMOD64);
        if (distance) {
            file.putLong(RELOCATIONS + RELOCATION_BYTES, ANSWERS + Long.BYTES);
            file.putLong(RELOCATIONS + RELOCATION_BYTES + Long.BYTES, R_X86_64_TPOFF64);
        }
        dynamic(file, distance);
        file.put((int) start, initial);
        return file.array();
    }

    private static void header(ByteBuffer file) {
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        file.putShort(16, (short) ET_DYN).putShort(18, (short) Architecture.hostMachine()).putInt(20, 1);
        file.putLong(32, HEADER_BYTES).putShort(52, (short) HEADER_BYTES);
        file.putShort(54, (short) PROGRAM_HEADER_BYTES).putShort(56, (short) PROGRAM_HEADERS);
    }

    private static void programHeader(ByteBuffer file, int index, int type, long offset, long fileSize, long size, long alignment) {
        file.position(HEADER_BYTES + index * PROGRAM_HEADER_BYTES);
        file.putInt(type).putInt(PF_R_W).putLong(offset).putLong(offset).putLong(offset);
        file.putLong(fileSize).putLong(size).putLong(alignment);
    }

    private static void dynamic(ByteBuffer file, boolean distance) {
        long[] entries = {5, STRINGS, 10, 1, 6, SYMBOLS, 11, SYMBOL_BYTES, 7, RELOCATIONS,
            8, distance ? 2 * RELOCATION_BYTES : RELOCATION_BYTES, 9, RELOCATION_BYTES, 30, distance ? DF_STATIC_TLS : 0, 0, 0};
        assert entries.length == DYNAMIC_ENTRIES * 2;
        file.position(DYNAMIC).slice().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(entries);
    }
}
