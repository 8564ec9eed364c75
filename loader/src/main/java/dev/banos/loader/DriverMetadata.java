package dev.banos.loader;

import dev.banos.loader.abi.BanosDriver;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.machine.PointerFields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a driver says of itself, read from the file before anything of it is mapped.
 *
 * @param name by which other drivers can ask for it
 * @param license empty where the driver names none
 * @param version its own
 * @param minimalVersion the oldest version of the driver ABI that it runs on
 * @param driverSize {@code sizeof(struct Banos_Driver)} in the headers that the driver was made with, in bytes
 * @param needs the names of drivers that it says it needs; it may need more for what it imports
 */
public record DriverMetadata(String name, Optional<String> license, Version version, Version minimalVersion, long driverSize,
        List<String> needs) {
    private static final String NEEDS_SECTION = ".banos-needs";

    /** Whether the object has a driver's section at all. */
    static boolean isIn(ElfObject object) {
        return object.sections().find(BanosDriver.SECTION) > 0;
    }

    /** @throws Refusal if the object is no driver, or not one that this runtime understands */
    static DriverMetadata read(ElfObject object) {
        int section = section(object);
        long driverSize = driverSize(object, section);
        byte[] file = object.bytes();
        int start = object.start(section);
        PointerFields pointers = new PointerFields(object, section);
        String name = pointers.string(BanosDriver.NAME);
        if (name == null && object.symbols().isStripped()) {
            throw malformed(object, section, "the object was stripped of its symbols and of what its pointers lead to;"
                    + " strip --strip-unneeded keeps what a driver needs");
        }
        if (name == null || name.isEmpty()) {
            throw malformed(object, section, "the driver's name is no string of this object; set .name to one");
        }
        if (!pointers.isRelocated(BanosDriver.INIT)) {
            throw malformed(object, section, "driver " + name + " has no init function; set .init to one");
        }
        if (hasUninit(driverSize) && !pointers.isRelocated(BanosDriver.UNINIT) && BanosDriver.uninit(file, start) != 0) {
            throw malformed(object, section, "the uninit of driver " + name + " is a number; set .uninit to a function, or leave it out");
        }
        return new DriverMetadata(name, Optional.ofNullable(pointers.string(BanosDriver.LICENSE)),
                Version.unpack(BanosDriver.version(file, start)), Version.unpack(BanosDriver.minimalBanosVersion(file, start)),
                driverSize, needs(object));
    }

    private static int section(ElfObject object) {
        int section = object.sections().find(BanosDriver.SECTION);
        if (section < 0 && object.symbols().isSlimLto()) {
            throw Refusal.linkTimeCode(object.file());
        }
        if (section < 0) {
            throw new Refusal(Refusal.ENOEXEC, object.file(), null, -1, "not a driver: there is no section "
                    + BanosDriver.SECTION, "declare one with BANOS_DRIVER_API from <banos/driver.h>, or link it as it is:"
                    + " ObjectLinker, banos install --object");
        }
        return section;
    }

    /** As the struct itself says, which is the only one, and lies within its section. */
    private static long driverSize(ElfObject object, int section) {
        SectionTable sections = object.sections();
        long size = sections.size(section);
        if (!sections.hasBytes(section) || !sections.isAllocated(section) || size < BanosDriver.SHORTEST) {
            throw malformed(object, section, "it holds " + size + " bytes; struct Banos_Driver has at least "
                    + BanosDriver.SHORTEST);
        }
        long driverSize = BanosDriver.driverSize(object.bytes(), object.start(section));
        if (driverSize < BanosDriver.SHORTEST || driverSize > size) {
            throw malformed(object, section, "driver_size is " + Long.toUnsignedString(driverSize) + ": not between "
                    + BanosDriver.SHORTEST + " and the section's " + size + " bytes; set it to sizeof(struct Banos_Driver)");
        }
        int second = sections.find(BanosDriver.SECTION, section);
        if (second > 0) {
            throw malformed(object, second, "it is the second section of that name; a driver has one struct Banos_Driver");
        }
        if (size - driverSize >= BanosDriver.SHORTEST) {
            throw malformed(object, section, "it holds more than one struct Banos_Driver");
        }
        return driverSize;
    }

    /** Names that each end with NUL; between them, a compiler may have put more of those. */
    private static List<String> needs(ElfObject object) {
        SectionTable sections = object.sections();
        List<String> names = new ArrayList<>();
        for (int section = sections.find(NEEDS_SECTION); section > 0; section = sections.find(NEEDS_SECTION, section)) {
            for (long at = 0; at < sections.size(section); ) {
                String name = object.string(section, at);
                if (name == null) {
                    throw malformed(object, section, "the last name in it does not end");
                }
                if (!name.isEmpty()) {
                    names.add(name);
                }
                at += name.getBytes(StandardCharsets.UTF_8).length + 1;
            }
        }
        return List.copyOf(names);
    }

    boolean hasUninit() {
        return hasUninit(driverSize);
    }

    private static boolean hasUninit(long driverSize) {
        return driverSize >= BanosDriver.LAYOUT.byteSize();
    }

    private static Refusal malformed(ElfObject object, int section, String why) {
        return Refusal.malformed(object.file(), object.sections().label(section), -1, why);
    }
}
