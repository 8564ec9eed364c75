package dev.banos.fuzz;

import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Dl_info;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A shared library as the source of allocators. The dynamic linker keeps one instance of a file, but takes a copy of the
 * file for another library: so a copy, deleted as soon as it is mapped, is an allocator with all its state new.
 */
final class SharedLibrary {
    private static final int RTLD_NOW = 2;
    private static final String FUNCTION_OF_EVERY_ALLOCATOR = "malloc";

    private final String spec;
    private final String file;
    private final String prefix;

    /** Loaded once and for ever, or null where each instance is a copy. */
    private final MemorySegment single;
    private final Path original;

    /** @param file a path, or a bare name that the dynamic linker looks for */
    SharedLibrary(String spec, String file, String prefix) {
        this.spec = spec;
        this.file = file;
        this.prefix = prefix;
        MemorySegment first = load(file);
        original = pathOf(first);
        single = original == null || hasThreadLocals(original) ? first : null;
        if (single == null) {
            SystemCalls.dlclose(first);
        }
    }

    /** Whether each {@link #open} gives an allocator in its first state. */
    boolean isRenewable() {
        return single == null;
    }

    AllocatorUnderTest open() {
        if (single != null) {
            return new NativeAllocator(spec, name -> symbol(single, prefix + name), Promises.ofC(), () -> { });
        }
        MemorySegment copy = loadCopy();
        return new NativeAllocator(spec, name -> symbol(copy, prefix + name), Promises.ofC(), () -> SystemCalls.dlclose(copy));
    }

    private MemorySegment loadCopy() {
        try {
            Path copy = Files.createTempFile("banos-fuzz", ".so");
            try {
                Files.copy(original, copy, StandardCopyOption.REPLACE_EXISTING);
                return load(copy.toString());
            } finally {
                Files.delete(copy);
            }
        } catch (IOException failed) {
            throw new TargetException(spec + ": cannot be copied (" + failed.getMessage() + ")", failed);
        }
    }

    private MemorySegment load(String path) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment handle = SystemCalls.dlopen(scope.allocateFrom(path), RTLD_NOW);
            if (handle.equals(MemorySegment.NULL)) {
                throw new TargetException(spec + ": cannot be loaded (" + SystemCalls.dlerror() + ")");
            }
            return handle;
        }
    }

    private Path pathOf(MemorySegment handle) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment info = Dl_info.allocate(scope);
            long function = symbol(handle, prefix + FUNCTION_OF_EVERY_ALLOCATOR);
            if (function == 0 || !SystemCalls.dladdr(function, info)) {
                return null;
            }
            Path path = Path.of(Dl_info.dli_fname(info).getString(0, StandardCharsets.UTF_8));
            return Files.isRegularFile(path) ? path : null;
        }
    }

    private static long symbol(MemorySegment handle, String name) {
        try (Arena scope = Arena.ofConfined()) {
            return SystemCalls.dlsym(handle, scope.allocateFrom(name));
        }
    }

    /**
     * Whether the file has thread-local variables. Copies of such a library use up the little space that the dynamic linker
     * sets aside for them, and their destructors run after the copy is gone.
     */
    private static boolean hasThreadLocals(Path library) {
        try {
            MemorySegment elf = MemorySegment.ofArray(Files.readAllBytes(library));
            return ElfFacts.hasThreadLocals(elf);
        } catch (IOException | IndexOutOfBoundsException unreadable) {
            return true; // then the safe answer: no copies
        }
    }

    /** The two facts of ELF's program headers that are needed here. */
    private static final class ElfFacts {
        private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final long E_PHOFF = 32;
        private static final long E_PHENTSIZE = 54;
        private static final long E_PHNUM = 56;
        private static final int PT_TLS = 7;

        static boolean hasThreadLocals(MemorySegment elf) {
            long headers = elf.get(U64, E_PHOFF);
            int entryBytes = Short.toUnsignedInt(elf.get(U16, E_PHENTSIZE));
            int count = Short.toUnsignedInt(elf.get(U16, E_PHNUM));
            for (int i = 0; i < count; i++) {
                if (elf.get(U32, headers + (long) i * entryBytes) == PT_TLS) {
                    return true;
                }
            }
            return false;
        }
    }

    @Override
    public String toString() {
        return file;
    }
}
