package dev.banos.loader.link;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.PhaseClock.Phase;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import dev.banos.loader.machine.Image;
import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.TlsModule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Links objects into the running process. Each phase is a class; what they share are the {@link LinkedObject}s, the
 * {@link Layout} and the {@link Image}.
 *
 * <pre>
 *     Check ──► Combine ──► Place ──► (map) ──► Resolve ──► Relocate ──► Seal
 *            nothing is mapped here │ a failure from here on unmaps
 * </pre>
 */
public final class ModuleLinker {
    /** Whether no module has been linked: all of it is interpreted then, and {@link Image} says what that changes. */
    private static final AtomicBoolean IS_FIRST = new AtomicBoolean(true);

    private ModuleLinker() {
    }

    /** @throws Refusal if the object is for another machine than this process runs on, or the kernel's pages are too large */
    public static void requireThisMachine(ElfObject object) {
        Check.machine(object, Architecture.hostMachine());
        long page = AddressSpace.pageBytes();
        if (page > Architecture.PAGE_BYTES) {
            throw Refusal.unsupported(object.file(), null, -1, "this kernel's pages have " + page + " bytes, and code and data of a"
                    + " module lie " + Architecture.PAGE_BYTES + " apart", "run a kernel of " + Architecture.PAGE_BYTES + "-byte pages");
        }
    }

    /**
     * @param name  what messages call the module
     * @param clock told of each phase that ends
     * @return the module, linked and sealed; of its code, at most the resolvers of indirect functions have run
     * @throws Refusal if an object is not for this machine, a symbol is missing, or a value does not fit
     */
    public static LinkedModule link(String name, List<ElfObject> parsed, Imports imports, PhaseClock clock) {
        List<LinkedObject> objects = new ArrayList<>();
        Architecture architecture = Architecture.host();
        boolean low = false;
        for (ElfObject elf : withNonshared(parsed, imports)) {
            requireThisMachine(elf);
            Check.stack(elf);
            LinkedObject object = new LinkedObject(architecture.prepared(elf, false));
            Check.object(object, architecture);
            low |= object.needsLowMemory;
            objects.add(object);
        }
        Map<String, Combine.Definition> definitions = Combine.objects(objects);
        clock.ends(Phase.CHECK);
        Layout layout = Place.objects(objects, definitions, architecture, low);
        AddressSpace space = low ? AddressSpace.low() : AddressSpace.near();
        long base = space.map(name, layout.size, layout.alignment, layout.bytes > layout.size / 2);
        TlsImports tlsImports = new TlsImports();
        TlsModule tls = null;
        ThreadDestructors destructors = null;
        try {
            clock.ends(Phase.PLACE);
            destructors = ThreadDestructors.of(name, objects, low);
            long dsoHandle = destructors == null ? base : destructors.handle();
            Resolve.objects(objects, definitions, layout, base, dsoHandle, imports, tlsImports);
            clock.ends(Phase.RESOLVE);
            tls = layout.tlsSize == 0 ? null : threadLocals(name, objects, architecture, layout);
            tlsImports.place(tls == null ? 0 : tls.distance());
            Image image = IS_FIRST.getAndSet(false) ? Image.first(layout.bytes, base) : Image.mapped(layout.bytes, base);
            Relocate.objects(objects, architecture, layout, image, true, tls == null ? 0 : tls.number(),
                    tls == null ? 0 : tls.distance());
            image.toBase();
            clock.ends(Phase.RELOCATE);
            Seal.module(name, base, layout, objects);
            LinkedModule module = new LinkedModule(name, space, base, layout, objects, definitions, tls, tlsImports,
                    destructors, clock);
            clock.ends(Phase.SEAL);
            return module;
        } catch (Throwable failed) {
            if (tls != null) {
                tls.close();
            }
            if (destructors != null) {
                destructors.close();
            }
            tlsImports.close();
            space.unmap(base, layout.size);
            throw failed;
        }
    }

    private static List<ElfObject> withNonshared(List<ElfObject> parsed, Imports imports) {
        ElfObject nonshared = NonsharedFunctions.forObjects(parsed, imports);
        if (nonshared == null) {
            return parsed;
        }
        List<ElfObject> all = new ArrayList<>(parsed);
        all.add(nonshared);
        return all;
    }

    private static TlsModule threadLocals(String name, List<LinkedObject> objects, Architecture architecture, Layout layout) {
        boolean distance = false;
        for (LinkedObject object : objects) {
            for (byte needs : object.needs) {
                distance |= (needs & FixupKind.Need.TLS_DISTANCE) != 0;
            }
        }
        byte[] initial = Relocate.threadLocals(objects, architecture, layout);
        return TlsModule.open(name, initial, layout.tlsSize, layout.tlsAlignment, distance);
    }
}
