package dev.banos.loader;

import dev.banos.loader.abi.ExportEntry;
import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.FileBytes;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.RelocationNames;
import dev.banos.loader.text.Json;
import dev.banos.loader.text.Printable;
import dev.banos.loader.types.TypeSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a relocatable object holds, read from its bytes alone; nothing is mapped or run.
 *
 * @param file its path, or what bytes in memory are called
 * @param machine x86-64, aarch64, riscv64
 * @param driver empty for an object that is no driver
 * @param exports what it offers by its export table
 * @param defined its global symbols, in the order of the file
 * @param imports what it needs from elsewhere
 * @param sections all of them, in the order of the file
 * @param relocations how many there are of each type, in sections that occupy memory
 */
public record ObjectInfo(String file, String machine, Optional<DriverMetadata> driver, List<ExportedName> exports,
        List<String> defined, List<ImportedName> imports, List<Section> sections, Map<String, Integer> relocations) {

    /**
     * An entry of the export table.
     *
     * @param name what it is exported as
     * @param symbol the symbol in this object that the name stands for; empty if it is a place without a symbol
     * @param threadLocal whether it is a thread-local variable
     * @param declaration in C, such as {@code int add(int a, int b)}, if the object has type information
     */
    public record ExportedName(String name, String symbol, boolean threadLocal, Optional<String> declaration) {
    }

    /**
     * A symbol that the object does not define.
     *
     * @param name in C
     * @param weak whether the object can do without it
     */
    public record ImportedName(String name, boolean weak) {
    }

    /**
     * A section.
     *
     * @param index its number in the file
     * @param name {@code .text} and so on
     * @param flags as readelf prints them: A allocated, W writable, X executable, T thread-local
     * @param size bytes
     * @param alignment bytes
     */
    public record Section(int index, String name, String flags, long size, long alignment) {
    }

    /**
     * Reads an object file.
     *
     * @param path the file
     * @return what it holds
     * @throws LinkException if the file cannot be read or is not a well-formed relocatable object
     */
    public static ObjectInfo read(Path path) {
        try {
            return of(ObjectReader.read(FileBytes.read(path), path.toString()));
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Reads an object file, or all members of an archive.
     *
     * @param path the file
     * @return the objects, in the order of the archive
     * @throws LinkException as {@link #read(Path)}
     */
    public static List<ObjectInfo> readAll(Path path) {
        try {
            byte[] bytes = FileBytes.read(path);
            if (!Archive.isArchive(bytes)) {
                return List.of(of(ObjectReader.read(bytes, path.toString())));
            }
            return Archive.read(bytes, path.toString()).elfObjects().stream().map(ObjectInfo::of).toList();
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Reads an object in memory.
     *
     * @param bytes all of an object file
     * @param name what messages call the bytes
     * @return what it holds
     * @throws LinkException if it is not a well-formed relocatable object
     */
    public static ObjectInfo read(byte[] bytes, String name) {
        try {
            return of(ObjectReader.read(bytes, name));
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    private static ObjectInfo of(ElfObject object) {
        boolean isDriver = DriverMetadata.isIn(object);
        return new ObjectInfo(object.file(), machine(object),
                isDriver ? Optional.of(DriverMetadata.read(object)) : Optional.empty(), exportedNames(object),
                definedNames(object.symbols()), importedNames(object.symbols()), sections(object.sections()),
                RelocationNames.count(object));
    }

    private static List<ExportedName> exportedNames(ElfObject object) {
        List<ExportEntry> entries = ExportEntry.read(object);
        TypeSource types = new TypeSource(object.file(), List.of(object));
        return entries.stream().map(entry -> new ExportedName(entry.name(), entry.symbol(), entry.threadLocal(),
                declaration(entry, types))).toList();
    }

    private static Optional<String> declaration(ExportEntry entry, TypeSource types) {
        try {
            return types.find(0, entry.symbol()).map(typed -> typed.named(entry.name()).declaration());
        } catch (Refusal unreadable) {
            return Optional.of(entry.name() + ", type not read: " + unreadable.getMessage());
        }
    }

    static String machine(ElfObject object) {
        return Elf.machineName(object.machine());
    }

    private static List<String> definedNames(SymbolTable symbols) {
        List<String> names = new ArrayList<>();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (!symbols.isUndefined(symbol)) {
                names.add(symbols.name(symbol));
            }
        }
        return names;
    }

    private static List<ImportedName> importedNames(SymbolTable symbols) {
        List<ImportedName> names = new ArrayList<>();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            if (symbols.isUndefined(symbol)) {
                names.add(new ImportedName(symbols.name(symbol), symbols.isWeak(symbol)));
            }
        }
        return names;
    }

    private static List<Section> sections(SectionTable table) {
        List<Section> sections = new ArrayList<>();
        for (int index = 1; index < table.count(); index++) {
            sections.add(new Section(index, table.name(index), flags(table.flags(index)), table.size(index),
                    table.alignment(index)));
        }
        return sections;
    }

    private static String flags(long flags) {
        return ((flags & Elf.SHF_WRITE) != 0 ? "W" : "") + ((flags & Elf.SHF_ALLOC) != 0 ? "A" : "")
                + ((flags & Elf.SHF_EXECINSTR) != 0 ? "X" : "") + ((flags & Elf.SHF_TLS) != 0 ? "T" : "");
    }

    /** {@return a text for people, a few lines for each subject} */
    public String toText() {
        StringBuilder text = new StringBuilder(Printable.of(file)).append(": ").append(machine).append(' ')
                .append(driver.isPresent() ? "driver" : "object").append('\n');
        driver.ifPresent(metadata -> text.append("  name      ").append(Printable.of(metadata.name())).append('\n')
                .append("  version   ").append(metadata.version()).append('\n')
                .append("  license   ").append(Printable.of(metadata.license().orElse("none named"))).append('\n')
                .append("  needs     driver ABI ").append(metadata.minimalVersion()).append(" or newer\n"));
        exports.forEach(export -> text.append("  exports   ").append(Printable.of(export.declaration().orElse(export.name())))
                .append(export.threadLocal() ? " (thread-local)\n" : "\n"));
        if (driver.isEmpty()) {
            defined.forEach(name -> text.append("  defines   ").append(Printable.of(name)).append('\n'));
        }
        imports.forEach(name -> text.append("  imports   ").append(Printable.of(name.name())).append(name.weak() ? " (weak)\n" : "\n"));
        for (Section section : sections) {
            text.append(String.format("  section   %-3d %-4s %8d  align %-5d %s%n", section.index(), section.flags(),
                    section.size(), section.alignment(), Printable.of(section.name())));
        }
        relocations.forEach((type, count) -> text.append(String.format("  relocates %6d  %s%n", count, type)));
        return text.toString();
    }

    /** {@return one JSON object on one line, for programs} */
    public String toJson() {
        Json json = new Json().beginObject().field("file", file).field("machine", machine);
        driver.ifPresent(metadata -> json.name("driver").beginObject().field("name", metadata.name())
                .field("license", metadata.license().orElse(null)).field("version", metadata.version().toString())
                .field("minimalVersion", metadata.minimalVersion().toString()).field("driverSize", metadata.driverSize())
                .endObject());
        json.name("exports").beginArray();
        exports.forEach(export -> json.beginObject().field("name", export.name()).field("symbol", export.symbol())
                .field("threadLocal", export.threadLocal()).field("declaration", export.declaration().orElse(null)).endObject());
        json.endArray().name("defined").beginArray();
        defined.forEach(json::value);
        json.endArray().name("imports").beginArray();
        imports.forEach(name -> json.beginObject().field("name", name.name()).field("weak", name.weak()).endObject());
        json.endArray().name("sections").beginArray();
        sections.forEach(section -> json.beginObject().field("index", section.index()).field("name", section.name())
                .field("flags", section.flags()).field("size", section.size()).field("alignment", section.alignment())
                .endObject());
        json.endArray().name("relocations").beginObject();
        relocations.forEach(json::field);
        return json.endObject().endObject().toString();
    }
}
