package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.loader.process.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Stubs through which others reach the functions that a driver exports, so that another instance can take its place: whoever
 * holds the address of a stub, in code, in a table or in a variable, calls what its slot says.
 *
 * <pre>
 *     0                            slots                        size
 *     | stub 0 | stub 1 | ...      | slot 0 | slot 1 | ...      |
 *     |  read, execute             |  read, but while an instance is replaced
 * </pre>
 * A slot is aligned and written in one piece, so a call during the exchange goes to the one instance or to the other.
 */
public final class ExportStubs extends Remains {
    private static final VarHandle SLOT = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final String file;
    private final long base;
    private final int slots;
    private final int size;
    private final Map<String, Integer> indices = new HashMap<>();

    /** @param functions the address of each by its name; at least one */
    public ExportStubs(String file, Map<String, Long> functions) {
        this.file = file;
        Architecture architecture = Architecture.host();
        slots = pages(functions.size() * architecture.stubBytes());
        size = slots + pages(functions.size() * Long.BYTES);
        base = AddressSpace.near().map(file, size, Architecture.PAGE_BYTES, true);
        write(functions);
        try {
            AddressSpace.protect(file, base, slots, SystemCalls.PROT_READ | SystemCalls.PROT_EXEC);
            AddressSpace.protect(file, base + slots, size - slots, SystemCalls.PROT_READ);
        } catch (Refusal refused) {
            end();
            throw refused;
        }
    }

    private void write(Map<String, Long> functions) {
        Architecture architecture = Architecture.host();
        Image image = Image.mapped(size, base);
        for (Map.Entry<String, Long> function : functions.entrySet()) {
            int i = indices.size();
            indices.put(function.getKey(), i);
            int stub = i * architecture.stubBytes();
            architecture.writeStub(image, stub, slots + i * Long.BYTES - stub);
            image.put64(slots + i * Long.BYTES, function.getValue());
        }
    }

    private static int pages(int bytes) {
        return bytes + Architecture.PAGE_BYTES - 1 & -Architecture.PAGE_BYTES;
    }

    /** The stub of the function of that name, or 0. */
    public long address(String name) {
        Integer index = indices.get(name);
        return index == null ? 0 : base + (long) index * Architecture.host().stubBytes();
    }

    /**
     * Sends calls to other functions from now on; calls under way return to where they came from.
     *
     * @throws Refusal if the slots of one cannot be written: then none was
     */
    public static void redirect(Collection<ExportStubs> all, Map<String, Long> functions) {
        try {
            all.forEach(stubs -> stubs.protectSlots(SystemCalls.PROT_READ | SystemCalls.PROT_WRITE));
            all.forEach(stubs -> stubs.redirect(functions));
        } finally {
            all.forEach(ExportStubs::protectSlotsAgain);
        }
    }

    private void redirect(Map<String, Long> functions) {
        indices.forEach((name, index) -> SLOT.setRelease(Native.EVERYTHING, base + slots + (long) index * Long.BYTES,
                (long) Objects.requireNonNull(functions.get(name), name)));
    }

    private void protectSlots(int protection) {
        AddressSpace.protect(file, base + slots, size - slots, protection);
    }

    /** What cannot be protected again stays writable: the exchange is done, and calls find what they look for. */
    private void protectSlotsAgain() {
        try {
            protectSlots(SystemCalls.PROT_READ);
        } catch (Refusal writable) {
            assert writable.errno() != Refusal.EINVAL : writable;
        }
    }

    /** What messages call them: the file of the driver that they were made for. */
    public String name() {
        return file;
    }

    public long base() {
        return base;
    }

    public long size() {
        return size;
    }

    /** One for each stub. */
    public List<ModuleSymbol> symbols() {
        List<ModuleSymbol> symbols = new ArrayList<>();
        for (String name : indices.keySet()) {
            symbols.add(new ModuleSymbol(address(name), Architecture.host().stubBytes(), "stub of " + name, true));
        }
        symbols.sort(null);
        return symbols;
    }

    public boolean contains(long address) {
        return address >= base && address - base < size;
    }

    /** Which function's stub or slot lies there, and where it leads now. */
    public Whereabouts whereabouts(long address) {
        boolean isSlot = address - base >= slots;
        long entryBytes = isSlot ? Long.BYTES : Architecture.host().stubBytes();
        long offset = address - base - (isSlot ? slots : 0);
        for (Map.Entry<String, Integer> entry : indices.entrySet()) {
            if (offset / entryBytes == entry.getValue()) {
                long target = (long) SLOT.getAcquire(Native.EVERYTHING, base + slots + (long) entry.getValue() * Long.BYTES);
                return new Whereabouts(file, isSlot ? Whereabouts.Kind.GOT_ENTRY : Whereabouts.Kind.STUB, null, offset % entryBytes,
                        entry.getKey(), offset % entryBytes, new Whereabouts.Written("", entry.getKey(), 0, target, 0, 0));
            }
        }
        return new Whereabouts(null, Whereabouts.Kind.PADDING, null, 0, null, 0, null);
    }

    /** As soon as no left module may call them. */
    public void unmap(LinkedModule target) {
        leave(List.of(target.memory()));
    }

    @Override
    protected void end() {
        AddressSpace.near().unmap(base, size);
    }
}
