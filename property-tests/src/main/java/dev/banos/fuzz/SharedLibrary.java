package dev.banos.fuzz;

import dev.banos.bindings.FileTrouble;
import dev.banos.bindings.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * A shared library as the source of allocators. The dynamic linker keeps one instance of a file, but takes a copy of the
 * file for another library: so a copy, deleted as soon as it is mapped, is an allocator with all its state new.
 */
final class SharedLibrary {
    private static final int RTLD_NOW = 2;

    /** Of {@code $ORIGIN} or {@code ${ORIGIN}}: the folder of a library, in the paths on which it looks for others. */
    private static final String ORIGIN = "ORIGIN";

    private final String spec;
    private final String file;
    private final String prefix;

    /** Null where each instance is a copy. */
    private @Nullable MemorySegment single;
    private final boolean copied;

    /** @param file a path, or a bare name that the dynamic linker looks for; nothing is loaded yet */
    SharedLibrary(String spec, String file, String prefix) {
        this.spec = spec;
        this.file = file;
        this.prefix = prefix;
        copied = file.indexOf('/') >= 0 && isCopyable(Path.of(file));
    }

    /** Whether each {@link #open} gives an allocator in its first state. */
    boolean isRenewable() {
        return copied;
    }

    AllocatorUnderTest open() {
        if (copied) {
            MemorySegment copy = loadCopy();
            return allocator(copy, () -> SystemCalls.dlclose(copy));
        }
        if (single == null) {
            single = load(file);
        }
        return allocator(single, () -> { });
    }

    private AllocatorUnderTest allocator(MemorySegment library, Runnable close) {
        return new NativeAllocator(spec, prefix, name -> symbol(library, prefix + name), Promises.ofC(), close);
    }

    private MemorySegment loadCopy() {
        try {
            Path copy = Files.createTempFile("banos-fuzz", ".so");
            try {
                Files.copy(Path.of(file), copy, StandardCopyOption.REPLACE_EXISTING);
                return load(copy.toString());
            } finally {
                Files.delete(copy);
            }
        } catch (IOException failed) {
            String reason = Files.exists(Path.of(file)) ? "cannot be copied (" + FileTrouble.cause(failed) + ")" : "is not there any more";
            throw new TargetException(spec + ": " + reason, failed);
        }
    }

    private MemorySegment load(String path) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment handle = SystemCalls.dlopen(scope.allocateFrom(path), RTLD_NOW);
            if (handle.equals(MemorySegment.NULL)) {
                throw new TargetException(spec + ": cannot be loaded (" + SystemCalls.dlerror() + ")" + hint(path));
            }
            return handle;
        }
    }

    /** The dynamic linker does not look for a bare name in the current folder. */
    static String hint(String path) {
        return path.indexOf('/') < 0 && Files.exists(Path.of(path)) ? "; the file in this folder is ./" + path : "";
    }

    /** The library's own function, or 0: of one that it lacks, the dynamic linker gives the C library's. */
    private static long symbol(MemorySegment handle, String name) {
        try (Arena scope = Arena.ofConfined()) {
            long address = SystemCalls.dlsym(handle, scope.allocateFrom(name));
            return address == Target.addressInC(name) ? 0 : address;
        }
    }

    /**
     * Not with thread-local variables: copies use up the little space that the dynamic linker sets aside for them, and their
     * destructors run after the copy is gone. Nor where it looks for others in the folder in which it lies.
     */
    private static boolean isCopyable(Path library) {
        try {
            byte[] elf = Files.readAllBytes(library);
            return !ElfFacts.hasThreadLocals(MemorySegment.ofArray(elf))
                    && !new String(elf, StandardCharsets.ISO_8859_1).contains(ORIGIN);
        } catch (IOException | IndexOutOfBoundsException unreadable) {
            return false; // then the safe answer: no copies
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
