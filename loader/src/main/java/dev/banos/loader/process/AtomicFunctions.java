package dev.banos.loader.process;

import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.machine.OutlineAtomics;
import java.util.List;

/** {@link OutlineAtomics} for all modules of this process, made when one first asks; they stay. */
final class AtomicFunctions {
    private static final String NAME = "atomic operations";
    /** Of {@code AT_HWCAP}: the instructions of Armv8.1. */
    private static final long HWCAP_ATOMICS = 1 << 8;

    private static final List<String> NAMES = OutlineAtomics.names();
    private static final int SIZE = NAMES.size() * OutlineAtomics.BYTES + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;

    /** 0 until somebody asks. */
    private static long base;

    private AtomicFunctions() {
    }

    /** The address of the function on aarch64, or 0 where none has the name. */
    static long find(String name) {
        int index = NAMES.indexOf(name);
        return index < 0 ? 0 : base() + (long) index * OutlineAtomics.BYTES;
    }

    private static synchronized long base() {
        base = base != 0 ? base : make();
        return base;
    }

    private static long make() {
        long pages = AddressSpace.near().map(NAME, SIZE, Architecture.PAGE_BYTES, true);
        OutlineAtomics.write(Image.mapped(SIZE, pages), (NativeCalls.processor() & HWCAP_ATOMICS) != 0);
        try {
            AddressSpace.protect(NAME, pages, SIZE, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
        } catch (Refusal refused) {
            AddressSpace.near().unmap(pages, SIZE);
            throw refused;
        }
        return pages;
    }
}
