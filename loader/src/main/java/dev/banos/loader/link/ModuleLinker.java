package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import java.util.ArrayList;
import java.util.List;

/**
 * Links objects into the running process. Each phase is a class; what they share are the {@link LinkedObject}s, the
 * {@link Layout} and the {@link Image}.
 *
 * <pre>
 *     Check ──► Place ──► (map) ──► Resolve ──► Relocate ──► Seal
 *       nothing is mapped here │ a failure from here on unmaps
 * </pre>
 */
public final class ModuleLinker {
    private ModuleLinker() {
    }

    /** @throws Refusal if the object is for another machine than this process runs on */
    public static void requireThisMachine(ElfObject object) {
        Check.machine(object, Architecture.hostMachine());
    }

    /**
     * @param name what messages call the module
     * @return the module, linked and sealed; none of its code has run
     * @throws Refusal if an object is not for this machine, a symbol is missing, or a value does not fit
     */
    public static LinkedModule link(String name, List<ElfObject> parsed, Imports imports) {
        List<LinkedObject> objects = new ArrayList<>();
        Architecture architecture = null;
        boolean low = false;
        for (ElfObject elf : parsed) {
            architecture = Check.machine(elf, Architecture.hostMachine());
            LinkedObject object = new LinkedObject(elf);
            Check.object(object, architecture);
            low |= object.needsLowMemory;
            objects.add(object);
        }
        Layout layout = Place.objects(objects, architecture);
        AddressSpace space = low ? AddressSpace.low() : AddressSpace.near();
        long base = space.map(name, layout.size, layout.alignment);
        try {
            Resolve.objects(objects, layout, base, imports);
            Image image = new Image(layout.bytes, base);
            Relocate.objects(objects, architecture, layout, image);
            Seal.image(image, layout);
            return new LinkedModule(space, base, layout, objects);
        } catch (Throwable failed) {
            space.unmap(base, layout.size);
            throw failed;
        }
    }
}
