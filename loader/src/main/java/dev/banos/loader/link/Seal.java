package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.NativeCalls;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Phase 5: gives each region of the module's memory its final protection. No page is ever writable and executable. Indirect
 * functions are resolved in between, when their code can run and the GOT can still be written.
 *
 * <p>Where instruction caches do not see what is stored, on aarch64, Linux makes them do so when a page of fresh memory becomes
 * executable. It does it once, which is enough: from then on no page of ours is written to.
 */
final class Seal {
    private Seal() {
    }

    static void module(String file, long base, Layout layout, List<LinkedObject> objects) {
        MemorySegment memory = Native.segment(base, layout.size);
        AddressSpace.protect(file, base, layout.constants, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
        for (LinkedObject object : objects) {
            for (StreamCopy copy : object.streamCopies) {
                long stream = Native.segment(copy.source(), StreamCopy.BYTES).get(ValueLayout.JAVA_LONG, 0);
                memory.set(ValueLayout.JAVA_LONG, copy.offset(), stream);
            }
            resolveIndirect(object, memory);
        }
        AddressSpace.protect(file, base + layout.constants, layout.data - layout.constants, SystemCalls.PROT_READ);
    }

    private static void resolveIndirect(LinkedObject object, MemorySegment memory) {
        SymbolTable symbols = object.elf.symbols();
        for (int symbol = 1; symbols.hasIndirect() && symbol < symbols.count(); symbol++) {
            if (Resolve.isIndirect(symbols, symbol) && object.isPlaced(symbols.section(symbol))) {
                long entry = object.stubEntry(symbol);
                long resolver = memory.get(ValueLayout.JAVA_LONG, entry);
                memory.set(ValueLayout.JAVA_LONG, entry, NativeCalls.resolve(resolver));
            }
        }
    }
}
