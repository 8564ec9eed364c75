package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.RelocationTable;
import dev.banos.loader.machine.FixupKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One object inside a link: its checked view, and what the phases decide about its sections and symbols. */
final class LinkedObject {
    /** A section that takes no memory: debug information, or a duplicate that the link dropped. */
    static final int NOT_PLACED = -1;

    final ElfObject elf;
    /** By section: its offset in the module. Written by {@link Place}. */
    final int[] sectionOffset;
    /** By symbol: what its relocations ask for, of {@link FixupKind.Need}. Written by {@link Check}. */
    final byte[] needs;
    /** By symbol: its GOT entry's offset in the module, or 0. Written by {@link Place}. */
    final int[] gotOffset;
    /** By symbol: where its GOT entries for thread-local variables begin in the module: distance, pair, module's pair. */
    final int[] tlsEntries;
    /** By section: its offset in the module's block of thread-local variables. Written by {@link Place}. */
    final int[] tlsOffset;
    /** By symbol: its stub's offset in the module, or 0. Written by {@link Place}. */
    final int[] stubOffset;
    /** By symbol: the offset in the module of a common symbol or a {@link StreamCopy}; null where there are none. */
    int @Nullable [] commonOffset;
    /** By symbol, of a thread-local variable of another library: the library's number, the offset there. Null without any. */
    long @Nullable [][] tlsImports;
    /** By symbol: whether it is where sections of this link begin or end. Written by {@link Resolve}. */
    final BitSet bounds = new BitSet();
    /** By symbol: whether it is undefined and nowhere, as a weak one may be; others may lie at address 0. Written by {@link Resolve}. */
    final BitSet absent = new BitSet();
    /** Written by {@link Resolve}. */
    final List<StreamCopy> streamCopies = new ArrayList<>();
    /** By symbol: its address. Written by {@link Resolve}. */
    final long[] address;
    /** The relocations to apply: those of the object, less what {@link Combine} dropped. */
    final List<RelocationTable> relocations;
    /** The sections of which another object's copy is kept. Written by {@link Combine}. */
    private final BitSet dropped = new BitSet();
    /** Whether absolute 32-bit fields demand the lowest 2 GiB. */
    boolean needsLowMemory;

    LinkedObject(ElfObject elf) {
        this.elf = elf;
        this.relocations = new ArrayList<>(elf.relocations());
        int symbols = elf.symbols().count();
        this.sectionOffset = new int[elf.sections().count()];
        this.needs = new byte[symbols];
        this.gotOffset = new int[symbols];
        this.tlsEntries = new int[symbols];
        this.tlsOffset = new int[elf.sections().count()];
        this.stubOffset = new int[symbols];
        this.address = new long[symbols];
        Arrays.fill(sectionOffset, NOT_PLACED);
        Arrays.fill(tlsOffset, NOT_PLACED);
    }

    /** Of an indirect function whose address is loaded there are two: the first for loads, the second for its stub. */
    int gotBytes(int symbol) {
        return isLoadedIndirect(symbol) ? 2 * Long.BYTES : Long.BYTES;
    }

    /** Offset of the GOT entry that the symbol's stub jumps through. What a load finds is the stub, as in every other pointer. */
    int stubEntry(int symbol) {
        return gotOffset[symbol] + (isLoadedIndirect(symbol) ? Long.BYTES : 0);
    }

    private boolean isLoadedIndirect(int symbol) {
        return (needs[symbol] & FixupKind.Need.GOT) != 0 && Resolve.isIndirect(elf.symbols(), symbol);
    }

    void commonOffset(int symbol, int offset) {
        if (commonOffset == null) {
            commonOffset = new int[elf.symbols().count()];
        }
        commonOffset[symbol] = offset;
    }

    void drop(int section) {
        dropped.set(section);
    }

    boolean isDropped(int section) {
        return dropped.get(section);
    }

    boolean dropsAny() {
        return !dropped.isEmpty();
    }

    boolean isPlaced(int section) {
        return sectionOffset[section] != NOT_PLACED;
    }

    /** Whether the section is part of the module's block of thread-local variables. */
    boolean isThreadLocal(int section) {
        return tlsOffset[section] != NOT_PLACED;
    }

    Refusal malformed(int section, long entry, String why) {
        return Refusal.malformed(elf.file(), elf.sections().label(section), entry, why);
    }

    Refusal unsupported(int section, long entry, String why, @Nullable String remedy) {
        return Refusal.unsupported(elf.file(), elf.sections().label(section), entry, why, remedy);
    }
}
