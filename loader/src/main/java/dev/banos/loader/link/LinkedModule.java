package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SymbolTable;
import java.util.List;

/** A module in memory. Whoever unmaps it answers for it that nothing runs in it any more. */
public final class LinkedModule {
    private final AddressSpace space;
    private final long base;
    private final Layout layout;
    private final List<LinkedObject> objects;

    LinkedModule(AddressSpace space, long base, Layout layout, List<LinkedObject> objects) {
        this.space = space;
        this.base = base;
        this.layout = layout;
        this.objects = objects;
    }

    public long base() {
        return base;
    }

    /** Bytes of memory, a whole number of pages. */
    public long size() {
        return layout.size;
    }

    public void unmap() {
        space.unmap(base, layout.size);
    }

    /** The address of a section of the object at {@code object}, in the order in which they were linked. */
    public long sectionAddress(int object, int section) {
        return base + objects.get(object).sectionOffset[section];
    }

    /** The address of a global symbol that the module defines, or 0. */
    public long symbol(String name) {
        for (LinkedObject object : objects) {
            SymbolTable symbols = object.elf.symbols();
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                if (symbols.section(symbol) != Elf.SHN_UNDEF && symbols.isNamed(symbol, name)) {
                    return object.address[symbol];
                }
            }
        }
        return 0;
    }
}
