package dev.banos.loader.debug;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.OwnCode;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A tiny shared library that defines the two names of GDB's interface, because a debugger looks for them in libraries only. It
 * is a file without a name, which stays open: a debugger reads its symbols through {@code /proc}.
 *
 * <pre>
 *     0       64        288       360       480   496             4096      4176         4200
 *     | ELF   | 4 × PT_ | 3       | strings | ret | 6 section     | dynamic | descriptor |
 *     | header|         | symbols |         |     | headers       |         |            |
 *     |  read, execute                                            | read, write          |
 * </pre>
 */
record DebuggerLibrary(long function, long descriptor) {
    private static final String FUNCTION_NAME = "__jit_debug_register_code";
    private static final String DESCRIPTOR_NAME = "__jit_debug_descriptor";

    private static final int PAGE_BYTES = 4096;
    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int PROGRAM_HEADERS = 4;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int SECTION_HEADERS = 6;
    private static final int SYMBOL_BYTES = 24;
    private static final int SYMBOLS = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
    private static final int STRINGS = SYMBOLS + 3 * SYMBOL_BYTES;
    private static final int STRING_BYTES = 120;
    private static final int CODE = STRINGS + STRING_BYTES;
    private static final int CODE_BYTES = 16;
    private static final int SECTIONS = CODE + CODE_BYTES;
    private static final int DYNAMIC = PAGE_BYTES;
    private static final int DYNAMIC_BYTES = 5 * 2 * Long.BYTES;
    private static final int DESCRIPTOR = DYNAMIC + DYNAMIC_BYTES;
    private static final int FILE_BYTES = DESCRIPTOR + (int) GdbInterface.DESCRIPTOR_BYTES;

    private static final int ET_DYN = 3;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int PF_R_X = 5;
    private static final int PF_R_W = 6;
    private static final int SHT_DYNAMIC = 6;
    private static final int TEXT = 1;
    private static final int DATA = 2;
    private static final int STRING_SECTION = 5;

    /** Null where there is no file or the dynamic linker does not take it: that is reported, and drivers work without. */
    static @Nullable DebuggerLibrary open() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment state = Tcb.current().segment();
            int file = FileCalls.memfd_create(state, scope.allocateFrom("banos-debugger"), Linux.MFD_CLOEXEC());
            if (file < 0) {
                return absent("memfd_create: errno " + -file);
            }
            long written = FileCalls.write(state, file, scope.allocateFrom(ValueLayout.JAVA_BYTE, library()));
            // Not /proc/self: the debugger opens the same name.
            MemorySegment handle = written != FILE_BYTES ? MemorySegment.NULL : SystemCalls.dlopen(
                    scope.allocateFrom("/proc/" + SystemCalls.getpid() + "/fd/" + file), Linux.RTLD_NOW() | Linux.RTLD_LOCAL());
            if (handle.address() == 0) {
                FileCalls.close(state, file);
                return absent(written == FILE_BYTES ? SystemCalls.dlerror() : "write: " + written);
            }
            // A handle of glibc's is its struct link_map, whose first member is the address where the library lies.
            long base = Native.segment(handle.address(), Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
            return new DebuggerLibrary(base + CODE, base + DESCRIPTOR);
        }
    }

    private static @Nullable DebuggerLibrary absent(@Nullable String why) {
        System.err.println("banos: GDB is told of no modules: " + why);
        return null;
    }

    private static byte[] library() {
        ByteBuffer file = ByteBuffer.allocate(FILE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) Elf.ELFCLASS64).put(5, (byte) Elf.ELFDATA2LSB).put(6, (byte) Elf.EV_CURRENT);
        file.putShort(16, (short) ET_DYN).putShort(18, (short) Architecture.hostMachine()).putInt(20, Elf.EV_CURRENT);
        file.putLong(32, HEADER_BYTES).putLong(40, SECTIONS).putShort(52, (short) HEADER_BYTES);
        file.putShort(54, (short) PROGRAM_HEADER_BYTES).putShort(56, (short) PROGRAM_HEADERS);
        file.putShort(58, (short) SECTION_HEADER_BYTES).putShort(60, (short) SECTION_HEADERS).putShort(62, (short) STRING_SECTION);
        file.position(HEADER_BYTES);
        programHeader(file, PT_LOAD, PF_R_X, 0, PAGE_BYTES, PAGE_BYTES);
        programHeader(file, PT_LOAD, PF_R_W, PAGE_BYTES, FILE_BYTES - PAGE_BYTES, PAGE_BYTES);
        programHeader(file, PT_DYNAMIC, PF_R_W, DYNAMIC, DYNAMIC_BYTES, Long.BYTES);
        programHeader(file, PT_GNU_STACK, PF_R_W, 0, 0, Long.BYTES);
        file.put(CODE, OwnCode.host().nothing());
        tables(file);
        long[] dynamic = {5, STRINGS, 10, STRING_BYTES, 6, SYMBOLS, 11, SYMBOL_BYTES, 0, 0};
        file.position(DYNAMIC).slice().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(dynamic);
        return file.array();
    }

    private static void programHeader(ByteBuffer file, int type, int flags, long offset, long size, long alignment) {
        file.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset).putLong(size).putLong(size)
                .putLong(alignment);
    }

    private static void tables(ByteBuffer file) {
        StringBuilder strings = new StringBuilder("\0");
        file.position(SYMBOLS + SYMBOL_BYTES);
        symbol(file, name(strings, FUNCTION_NAME), Elf.STT_FUNC, TEXT, CODE, 1);
        symbol(file, name(strings, DESCRIPTOR_NAME), Elf.STT_OBJECT, DATA, DESCRIPTOR, GdbInterface.DESCRIPTOR_BYTES);
        file.position(SECTIONS + SECTION_HEADER_BYTES);
        long code = Elf.SHF_ALLOC | Elf.SHF_EXECINSTR;
        long data = Elf.SHF_ALLOC | Elf.SHF_WRITE;
        section(file, name(strings, ".text"), Elf.SHT_PROGBITS, code, CODE, CODE_BYTES, 0, 0);
        section(file, name(strings, ".data"), Elf.SHT_PROGBITS, data, DESCRIPTOR, FILE_BYTES - DESCRIPTOR, 0, 0);
        section(file, name(strings, ".dynamic"), SHT_DYNAMIC, data, DYNAMIC, DYNAMIC_BYTES, STRING_SECTION, 2 * Long.BYTES);
        section(file, name(strings, ".symtab"), Elf.SHT_SYMTAB, Elf.SHF_ALLOC, SYMBOLS, 3 * SYMBOL_BYTES, STRING_SECTION,
                SYMBOL_BYTES);
        section(file, name(strings, ".strtab"), Elf.SHT_STRTAB, Elf.SHF_ALLOC, STRINGS, STRING_BYTES, 0, 0);
        byte[] text = strings.toString().getBytes(StandardCharsets.US_ASCII);
        assert text.length <= STRING_BYTES : text.length;
        file.put(STRINGS, text);
    }

    /** Adds the name and returns its offset. */
    private static int name(StringBuilder strings, String name) {
        int offset = strings.length();
        strings.append(name).append('\0');
        return offset;
    }

    private static void symbol(ByteBuffer file, int name, int type, int section, long value, long size) {
        file.putInt(name).put((byte) (Elf.STB_GLOBAL << 4 | type)).put((byte) 0).putShort((short) section).putLong(value)
                .putLong(size);
    }

    /** The file is mapped as it is: an address is an offset. Of a symbol table, symbol 1 is the first that is not local. */
    private static void section(ByteBuffer file, int name, int type, long flags, long offset, long size, int link, long entry) {
        int info = type == Elf.SHT_SYMTAB ? 1 : 0;
        file.putInt(name).putInt(type).putLong(flags).putLong(offset).putLong(offset).putLong(size).putInt(link).putInt(info)
                .putLong(Long.BYTES).putLong(entry);
    }
}
