package dev.banos.loader.process;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SymbolVersion;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.OutlineAtomics;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.Optional;

/** The symbols that the process has anyway: those of libc, libm and what else was loaded for everyone. */
public final class CLibrary {
    private static final SymbolLookup STANDARD = Linker.nativeLinker().defaultLookup();
    /** {@code Dl_info}: the library's name and begin, a symbol's name and address. */
    private static final int INFO_BYTES = 4 * Long.BYTES;
    private static final int BEGIN_AT = Long.BYTES;

    private CLibrary() {
    }

    /**
     * The symbol's address, or 0: as {@code dlsym(RTLD_DEFAULT, name)} finds it, a name with a version as {@code dlvsym} does. The
     * JVM's own look-up, which knows libc and libm, is asked first: it needs no downcall, whose making costs a JVM that has just
     * started tens of milliseconds.
     */
    public static long find(String name) {
        Optional<MemorySegment> standard = STANDARD.find(name);
        if (standard.isPresent()) {
            return standard.get().address();
        }
        try (Arena scope = Arena.ofConfined()) {
            int at = SymbolVersion.at(name);
            return at < 0 ? orOfCompiler(name, SystemCalls.dlsym(MemorySegment.NULL, scope.allocateFrom(name)))
                    : find(scope.allocateFrom(name.substring(0, at)), scope.allocateFrom(name.substring(name.lastIndexOf('@') + 1)));
        }
    }

    private static long orOfCompiler(String name, long address) {
        boolean may = address == 0 && Architecture.hostMachine() == Elf.EM_AARCH64 && name.startsWith(OutlineAtomics.PREFIX);
        return may ? AtomicFunctions.find(name) : address;
    }

    /** As {@code dlvsym(RTLD_DEFAULT, name, version)}. */
    private static long find(MemorySegment name, MemorySegment version) {
        return SystemCalls.call(MemorySegment.ofAddress(Versions.DLVSYM), 0, name.address(), version.address());
    }

    private static final class Versions {
        private static final long DLVSYM = find("dlvsym");
    }

    /**
     * Where libraries are known to lie: one is mapped as a whole, so all between its begin and an address in it is in it. Most names
     * are libc's, and soon found to be so without another question.
     */
    private static final class Known {
        private static final long DLADDR = find("dladdr");
        /** Pairs of a begin and the last address that is known. */
        private static long[] ranges = {};

        /** Whether the address lies in a library, as {@code dladdr} tells. */
        private static synchronized boolean has(long address) {
            for (int i = 0; i < ranges.length; i += 2) {
                if (address >= ranges[i] && address <= ranges[i + 1]) {
                    return true;
                }
            }
            return ask(address);
        }

        private static boolean ask(long address) {
            try (Arena scope = Arena.ofConfined()) {
                MemorySegment info = scope.allocate(INFO_BYTES, Long.BYTES);
                if ((int) SystemCalls.call(MemorySegment.ofAddress(DLADDR), address, info.address(), 0) == 0) {
                    return false;
                }
                add(Native.readLong(info.address() + BEGIN_AT), address);
                return true;
            }
        }

        private static void add(long begin, long address) {
            for (int i = 0; i < ranges.length; i += 2) {
                if (ranges[i] == begin) {
                    ranges[i + 1] = address;
                    return;
                }
            }
            ranges = Arrays.copyOf(ranges, ranges.length + 2);
            ranges[ranges.length - 2] = begin;
            ranges[ranges.length - 1] = address;
        }
    }

    /** Whether something is a function or variable of a library: a thread's own variables lie elsewhere, and so does what Java makes. */
    public static boolean isInLibrary(long address) {
        return Known.has(address);
    }

    /** Whether the name is a thread-local variable's, of which {@link #find} finds the calling thread's. */
    public static boolean isThreadLocal(String name) {
        if (find(name) == 0) {
            return false;
        }
        TinyLibrary library = new TinyLibrary();
        int number = library.ask(library.symbol(name), TinyLibrary.MODULE_NUMBER);
        if (library.open() != null) {
            return false;
        }
        boolean isOne = library.answer(number) != 0;
        library.close();
        return isOne;
    }
}
