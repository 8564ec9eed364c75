package dev.banos.loader.link;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.Image;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What compilers make for the three machines, to be damaged; and all phases of a link but those that map and run. */
final class WellFormedObjects {
    private static final long BASE = 0x1000_0000L;
    static final long FAR = BASE + 0x0100_0000;

    private WellFormedObjects() {
    }

    static List<byte[]> compile(Path folder) throws IOException {
        List<byte[]> objects = new ArrayList<>(List.of(
                Files.readAllBytes(CCompiler.object(folder, "everything.c", "gcc", "-O2")),
                Files.readAllBytes(CCompiler.object(folder, "calculator.c", "gcc", "-O2", "-fPIC", "-ffunction-sections")),
                Files.readAllBytes(CCompiler.object(folder, "other_headers.c", "gcc", "-O0", "-g", "-fno-pic"))));
        for (String machine : ChildProcess.isInstalled("clang") ? new String[] {"aarch64", "riscv64"} : new String[0]) {
            objects.add(Files.readAllBytes(CCompiler.object(folder, "portable.c", "clang", "-O2", "--target=" + machine + "-linux-gnu")));
            for (String flags : new String[] {"-O2", "-O1 -fPIC -falign-functions=64"}) {
                objects.add(Files.readAllBytes(CCompiler.object(folder, "freestanding.c", "clang",
                        ("-ffreestanding --target=" + machine + "-linux-gnu -ftls-model=initial-exec " + flags).split(" "))));
            }
        }
        return objects;
    }

    /** @throws Refusal if the bytes are no object that can be linked */
    static Image image(byte[] bytes, String file) {
        return image(bytes, file, name -> FAR);
    }

    static Image image(byte[] bytes, String file, Imports imports) {
        ElfObject elf = ObjectReader.read(bytes, file);
        Architecture architecture = Check.machine(elf, elf.machine());
        LinkedObject object = new LinkedObject(architecture.prepared(elf, true));
        Check.object(object, architecture);
        List<LinkedObject> objects = new ArrayList<>(List.of(object));
        Layout layout = Place.objects(objects, Map.of(), architecture, object.needsLowMemory);
        Resolve.objects(objects, Map.of(), layout, BASE, BASE, imports, null);
        Image image = Image.inHeap(layout.bytes, BASE);
        Relocate.objects(objects, architecture, layout, image, true, 1, architecture.tlsDistance(layout.tlsSize, layout.tlsAlignment));
        return image;
    }

    /** What a module of this object would take of the process's memory; nothing is mapped. */
    static long footprint(byte[] bytes, String file) {
        ElfObject elf = ObjectReader.read(bytes, file);
        Architecture architecture = Check.machine(elf, elf.machine());
        LinkedObject object = new LinkedObject(architecture.prepared(elf, true));
        Check.object(object, architecture);
        return Place.objects(new ArrayList<>(List.of(object)), Map.of(), architecture, object.needsLowMemory).size;
    }

    /** The most that alignments may leave empty, if the bytes are an object at all. */
    static long padding(byte[] bytes, String file) {
        try {
            ElfObject object = ObjectReader.read(bytes, file);
            long padding = 4L * Architecture.PAGE_BYTES;
            for (int section = 1; section < object.sections().count(); section++) {
                padding += object.sections().isAllocated(section) ? object.sections().alignment(section) : 0;
            }
            for (int symbol = 1; symbol < object.symbols().count(); symbol++) {
                padding += object.symbols().section(symbol) == Elf.SHN_COMMON ? object.symbols().value(symbol) : 0;
            }
            return Math.min(padding, Place.LARGEST_PADDING);
        } catch (Refusal none) {
            return 0;
        }
    }

    /** The zeroed memory that an object asks for: NOBITS sections and common symbols. */
    static long declaredZeroes(byte[] bytes, String file) {
        ElfObject object = ObjectReader.read(bytes, file);
        long zeroes = 0;
        for (int section = 1; section < object.sections().count(); section++) {
            zeroes += object.sections().isAllocated(section) && !object.sections().hasBytes(section) ? object.sections().size(section) : 0;
        }
        for (int symbol = 1; symbol < object.symbols().count(); symbol++) {
            zeroes += object.symbols().section(symbol) == Elf.SHN_COMMON ? object.symbols().size(symbol) : 0;
        }
        return zeroes;
    }
}
