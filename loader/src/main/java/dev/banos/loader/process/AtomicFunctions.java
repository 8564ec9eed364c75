package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.OutlineAtomics;
import java.util.List;

/** {@link OutlineAtomics} for all modules of this process, made when one first asks; they stay. */
final class AtomicFunctions {
    private static final String NAME = "atomic operations";
    /** Of {@code AT_HWCAP}: the instructions of Armv8.1. */
    private static final long HWCAP_ATOMICS = 1 << 8;

    private AtomicFunctions() {
    }

    /** The function's address, or 0. */
    static long find(String name) {
        if (Architecture.hostMachine() != Elf.EM_AARCH64 || !name.startsWith(OutlineAtomics.PREFIX)) {
            return 0;
        }
        int index = Made.NAMES.indexOf(name);
        return index < 0 ? 0 : Made.BASE + (long) index * OutlineAtomics.BYTES;
    }

    private static final class Made {
        private static final List<String> NAMES = OutlineAtomics.names();
        private static final long BASE = make();

        private static long make() {
            int bytes = NAMES.size() * OutlineAtomics.BYTES;
            int size = bytes + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;
            long base = AddressSpace.near().map(NAME, size, Architecture.PAGE_BYTES, true);
            OutlineAtomics.write(Image.mapped(size, base), (NativeCalls.processor() & HWCAP_ATOMICS) != 0);
            AddressSpace.protect(NAME, base, size, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
            return base;
        }
    }
}
