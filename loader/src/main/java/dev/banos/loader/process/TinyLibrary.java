package dev.banos.loader.process;

import dev.banos.bindings.FileCalls;
import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.machine.Architecture;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A shared library without code, in a file without a name: what only the dynamic linker knows of thread-local variables, it writes
 * into this library's relocated fields, the answers. It may hold a block of such variables itself.
 *
 * <pre>
 *     0        64                                                                       aligned
 *     | ELF    | program | symbols: none,     | names | answers, | their       | dynamic | initial values |
 *     | header | headers | those asked for    |       | longs    | relocations |         | of the block   |
 * </pre>
 */
public final class TinyLibrary {
    /** What an answer may be about: by how much its relocation's type comes behind the machine's first. */
    public static final int MODULE_NUMBER = 0;
    public static final int OFFSET_IN_BLOCK = 1;
    public static final int DISTANCE = 2;
    private static final int FIRST_ON_X86_64 = 16;
    private static final int FIRST_ON_AARCH64 = 1028;
    /** The symbol of an answer about the library's own block. */
    static final int OWN = 0;

    private static final int HEADER_BYTES = 64;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int PROGRAM_HEADERS = 4;
    private static final int SYMBOL_BYTES = 24;
    private static final int RELOCATION_BYTES = 24;
    private static final int DYNAMIC_ENTRIES = 9;

    private static final int ET_DYN = 3;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_TLS = 7;
    private static final int PT_NULL = 0;
    /** Without it the dynamic linker takes the library for an old one, and makes all stacks executable for it. */
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int PF_R_W = 6;
    private static final int DF_STATIC_TLS = 16;

    /** {@code Dl_info}, whose first member is the library's name. */
    private static final MemoryLayout DL_INFO = MemoryLayout.sequenceLayout(4, ValueLayout.JAVA_LONG);

    private static final AtomicLong OPENED = new AtomicLong();

    private final List<String> names = new ArrayList<>();
    /** Of each answer its relocation's r_info. */
    private final List<Long> asked = new ArrayList<>();
    private byte[] initial = {};
    private long blockSize;
    private long blockAlignment = 1;
    private boolean staticBlock;
    private long wished;
    private MemorySegment handle = MemorySegment.NULL;
    private String path = "";
    private long base;
    private long answers;

    /** Gives it a block of thread-local variables. */
    TinyLibrary block(byte[] initialValues, long size, long alignment) {
        initial = initialValues;
        blockSize = size;
        blockAlignment = alignment;
        return this;
    }

    /** Where it lies if nothing else does: the dynamic linker asks the kernel for the addresses that the file has. */
    public TinyLibrary at(long address) {
        wished = address;
        return this;
    }

    /** A thread-local variable of another library; where there is none, answers about it are 0. */
    public int symbol(String name) {
        names.add(name);
        return names.size();
    }

    /** @return which answer it will be */
    public int ask(int symbol, int about) {
        staticBlock |= symbol == OWN && about == DISTANCE;
        int first = Architecture.hostMachine() == Elf.EM_AARCH64 ? FIRST_ON_AARCH64 : FIRST_ON_X86_64;
        asked.add((long) symbol << 32 | first + about);
        return asked.size() - 1;
    }

    /** Has the dynamic linker load it and write the answers. Null, or the reason why it does not. */
    public @Nullable String open() {
        byte[] library = bytes();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment state = Tcb.current().segment();
            int descriptor = FileCalls.memfd_create(state, scope.allocateFrom("banos-tls"), Linux.MFD_CLOEXEC());
            if (descriptor < 0) {
                return "memfd_create: errno " + -descriptor;
            }
            long written = FileCalls.write(state, descriptor, scope.allocateFrom(ValueLayout.JAVA_BYTE, library));
            if (written != library.length) {
                FileCalls.close(state, descriptor);
                return "write of " + library.length + " bytes: " + (written < 0 ? "errno " + -written : written + " were written");
            }
            path = path(descriptor);
            handle = SystemCalls.dlopen(scope.allocateFrom(path), Linux.RTLD_NOW() | Linux.RTLD_LOCAL());
            String cause = handle.address() == 0 ? SystemCalls.dlerror().replace(path + ": ", "") : null;
            FileCalls.close(state, descriptor);
            if (cause == null) {
                // A handle of glibc's is its struct link_map, whose first member is how far the library lies from its own addresses.
                base = wished + Native.segment(handle.address(), Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
                answers = base + answersOffset();
            }
            return cause;
        }
    }

    /**
     * The dynamic linker takes a file of a name that it knows for the library that it has, and descriptors come again: so each
     * library has a way of its own to write the same folder, {@code /} or {@code /.} for each bit of a number.
     */
    private static String path(int descriptor) {
        StringBuilder path = new StringBuilder("/proc/self/fd");
        for (long bits = OPENED.incrementAndGet(); bits != 0; bits >>>= 1) {
            path.append((bits & 1) == 0 ? "/" : "/.");
        }
        return path.append('/').append(descriptor).toString();
    }

    /** Only of a library that was opened. */
    public long answer(int index) {
        return Native.segment(answers, (long) asked.size() * Long.BYTES).getAtIndex(ValueLayout.JAVA_LONG, index);
    }

    /** Where it lies; only of a library that was opened. */
    public long base() {
        return base;
    }

    /** Whether the dynamic linker has it: it keeps a closed library as long as threads have destructors of it to run. */
    public boolean isLoaded() {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment info = scope.allocate(DL_INFO);
            return SystemCalls.dladdr(base, info)
                    && Native.EVERYTHING.getString(info.get(ValueLayout.JAVA_LONG, 0)).equals(path);
        }
    }

    public void close() {
        if (handle.address() != 0) {
            SystemCalls.dlclose(handle);
        }
    }

    private int symbolsOffset() {
        return HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
    }

    private int namesOffset() {
        return symbolsOffset() + (1 + names.size()) * SYMBOL_BYTES;
    }

    private int answersOffset() {
        int bytes = 1;
        for (String name : names) {
            bytes += name.getBytes(StandardCharsets.UTF_8).length + 1;
        }
        return namesOffset() + bytes + Long.BYTES - 1 & -Long.BYTES;
    }

    private byte[] bytes() {
        int firstAnswer = answersOffset();
        int relocations = firstAnswer + asked.size() * Long.BYTES;
        int dynamic = relocations + asked.size() * RELOCATION_BYTES;
        int end = dynamic + DYNAMIC_ENTRIES * 2 * Long.BYTES;
        long fileAlignment = Math.min(blockAlignment, Architecture.PAGE_BYTES);
        long start = end + fileAlignment - 1 & -fileAlignment;
        // What is aligned further is so by its address alone: the file need not be as long as an alignment is wide.
        wished += -(wished + start) & blockAlignment - 1;
        ByteBuffer file = ByteBuffer.allocate((int) start + initial.length).order(ByteOrder.LITTLE_ENDIAN);
        header(file);
        programHeader(file, 0, PT_LOAD, 0, file.capacity(), file.capacity(), Architecture.PAGE_BYTES);
        programHeader(file, 1, PT_DYNAMIC, dynamic, end - dynamic, end - dynamic, Long.BYTES);
        programHeader(file, 2, blockSize == 0 ? PT_NULL : PT_TLS, start, initial.length, memorySize(), blockAlignment);
        programHeader(file, 3, PT_GNU_STACK, 0, 0, 0, Long.BYTES);
        symbols(file);
        for (int i = 0; i < asked.size(); i++) {
            file.putLong(relocations + i * RELOCATION_BYTES, wished + firstAnswer + (long) i * Long.BYTES);
            file.putLong(relocations + i * RELOCATION_BYTES + Long.BYTES, asked.get(i));
        }
        dynamic(file, dynamic, relocations);
        file.put((int) start, initial);
        return file.array();
    }

    /**
     * glibc takes back a block at a fixed distance, but not what it left empty to align the block's other end. So blocks end as they
     * begin, or each that is longer than the one before would make the room smaller.
     */
    private long memorySize() {
        return staticBlock ? blockSize + blockAlignment - 1 & -blockAlignment : blockSize;
    }

    private static void header(ByteBuffer file) {
        file.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1).put(6, (byte) 1);
        file.putShort(16, (short) ET_DYN).putShort(18, (short) Architecture.hostMachine()).putInt(20, 1);
        file.putLong(32, HEADER_BYTES).putShort(52, (short) HEADER_BYTES);
        file.putShort(54, (short) PROGRAM_HEADER_BYTES).putShort(56, (short) PROGRAM_HEADERS);
    }

    private void programHeader(ByteBuffer file, int index, int type, long offset, long fileSize, long size, long alignment) {
        file.position(HEADER_BYTES + index * PROGRAM_HEADER_BYTES);
        file.putInt(type).putInt(PF_R_W).putLong(offset).putLong(wished + offset).putLong(wished + offset);
        file.putLong(fileSize).putLong(size).putLong(alignment);
    }

    /** Weak, so that one that is nowhere does not keep the library from loading. */
    private void symbols(ByteBuffer file) {
        int name = 1;
        for (int i = 0; i < names.size(); i++) {
            byte[] text = names.get(i).getBytes(StandardCharsets.UTF_8);
            file.putInt(symbolsOffset() + (1 + i) * SYMBOL_BYTES, name);
            file.put(symbolsOffset() + (1 + i) * SYMBOL_BYTES + Integer.BYTES, (byte) (Elf.STB_WEAK << 4 | Elf.STT_TLS));
            file.put(namesOffset() + name, text);
            name += text.length + 1;
        }
    }

    private void dynamic(ByteBuffer file, int at, int relocations) {
        long[] entries = {5, wished + namesOffset(), 10, answersOffset() - namesOffset(), 6, wished + symbolsOffset(), 11,
            SYMBOL_BYTES, 7, wished + relocations, 8, (long) asked.size() * RELOCATION_BYTES, 9, RELOCATION_BYTES,
            30, staticBlock ? DF_STATIC_TLS : 0, 0, 0};
        assert entries.length == DYNAMIC_ENTRIES * 2;
        file.position(at).slice().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().put(entries);
    }
}
