package dev.banos.loader.abi;

import dev.banos.bindings.Native;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.PointerFields;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One entry of a driver's export tables, as the file has it.
 *
 * @param section     the table's
 * @param index       in the table
 * @param symbol      what it is called in the object; empty where nothing has a name there
 * @param threadLocal whether it is a variable of which every thread has its own
 * @param field       where in the section the pointer is: to what is exported, or to the function that tells where it is
 */
public record ExportEntry(int section, int index, String name, String symbol, boolean threadLocal, long field) {
    /** In a message. */
    private static final int NAMED_AT_MOST = 8;

    /** The entries of all of the object's export tables; none where it has no such sections. */
    public static List<ExportEntry> read(ElfObject object) {
        Entries entries = new Entries(object);
        SectionTable sections = object.sections();
        for (int section = sections.find(BanosSymbol.SECTION); section > 0; section = sections.find(BanosSymbol.SECTION, section)) {
            addressed(object, section, entries);
        }
        for (int section = sections.find(BanosThreadLocal.SECTION); section > 0; section = sections.find(BanosThreadLocal.SECTION, section)) {
            threadLocal(object, section, entries);
        }
        Set<String> names = new HashSet<>();
        for (ExportEntry entry : entries.list) {
            if (!names.add(entry.name())) {
                throw entry.secondOfItsName(object);
            }
        }
        return entries.list;
    }

    /** Names may share their bytes: what they take together is bounded, as that of symbols is. */
    private static final class Entries {
        private final ElfObject object;
        private final List<ExportEntry> list = new ArrayList<>();
        private long left;

        Entries(ElfObject object) {
            this.object = object;
            this.left = ObjectReader.NAMES_PER_BYTE * object.bytes().length;
        }

        void add(ExportEntry entry) {
            left -= ObjectReader.cost(entry.name()) + ObjectReader.cost(entry.symbol());
            if (left < 0) {
                throw malformed(object, entry.section(), entry.index(), "the names up to this one are longer together than "
                        + ObjectReader.NAMES_PER_BYTE + " times the file");
            }
            list.add(entry);
        }
    }

    private static void addressed(ElfObject object, int section, Entries entries) {
        long count = count(object, section, BanosSymbol.LAYOUT.name().orElseThrow(), BanosSymbol.BYTES);
        if (count == 0) {
            return;
        }
        PointerFields pointers = new PointerFields(object, section);
        for (int index = 0; index < count; index++) {
            String name = pointers.string(BanosSymbol.nameOffset(index));
            String symbol = pointers.symbol(BanosSymbol.argOffset(index));
            if (name == null || name.isEmpty() || symbol == null) {
                throw malformed(object, section, index, "an export needs a name and something to point to");
            }
            entries.add(new ExportEntry(section, index, name, symbol, false, BanosSymbol.argOffset(index)));
        }
    }

    private static void threadLocal(ElfObject object, int section, Entries entries) {
        long count = count(object, section, BanosThreadLocal.LAYOUT.name().orElseThrow(), BanosThreadLocal.BYTES);
        if (count == 0) {
            return;
        }
        PointerFields pointers = new PointerFields(object, section);
        for (int index = 0; index < count; index++) {
            long start = index * BanosThreadLocal.BYTES;
            String name = pointers.string(start + BanosThreadLocal.NAME);
            String symbol = pointers.string(start + BanosThreadLocal.SYMBOL);
            long function = start + BanosThreadLocal.ADDRESS_FUNCTION;
            if (name == null || name.isEmpty() || symbol == null || symbol.isEmpty() || !pointers.isRelocated(function)) {
                throw malformed(object, section, index, "the export of a thread-local variable needs a name, its symbol's name, and"
                        + " the function that tells its address");
            }
            entries.add(new ExportEntry(section, index, name, symbol, true, function));
        }
    }

    private static long count(ElfObject object, int section, String struct, long bytes) {
        SectionTable sections = object.sections();
        long size = sections.size(section);
        if (!sections.hasBytes(section) || !sections.isAllocated(section) || size % bytes != 0) {
            throw malformed(object, section, -1, "its " + size + " bytes are no array of struct " + struct + ", which has " + bytes);
        }
        return size / bytes;
    }

    /** @param table where the section lies, linked */
    public long pointer(long table) {
        return Native.readLong(table + field);
    }

    public Refusal secondOfItsName(ElfObject object) {
        return new Refusal(Refusal.ENOEXEC, object.file(), object.sections().label(section), index,
                "a second export of the name " + name, "give one of them another name with BANOS_EXPORT_SYMBOL");
    }

    /** Its symbol is weak, and defined nowhere. */
    public Refusal pointsToNothing(ElfObject object) {
        return new Refusal(Refusal.ENOENT, object.file(), object.sections().label(section), index, "the export " + name
                + " points to nothing: " + symbol + " is weak, and defined nowhere", "define it, or do not export it");
    }

    /** It says that it is a thread-local variable of this driver, and is not. */
    public Refusal isNowhere(ElfObject object) {
        SymbolTable symbols = object.symbols();
        List<String> others = new ArrayList<>();
        for (int other = 1; other < symbols.count() && others.size() < NAMED_AT_MOST; other++) {
            if (symbols.type(other) == Elf.STT_TLS && symbols.section(other) > 0) {
                if (symbols.isNamed(other, symbol) && symbols.size(other) == 0) {
                    return new Refusal(Refusal.EINVAL, object.file(), object.sections().label(section), index,
                            "thread-local variable " + symbol + " has no bytes: no thread has anything of it", "give it a member");
                }
                others.add(symbols.name(other));
            }
        }
        return new Refusal(Refusal.ENOENT, object.file(), object.sections().label(section), index, "this driver has no thread-local"
                + " variable " + symbol, "name it as the object does: BANOS_EXPORT_THREAD_LOCAL_SYMBOL"
                + (others.isEmpty() ? "" : "; there is " + String.join(", ", others)));
    }

    private static Refusal malformed(ElfObject object, int section, long index, String why) {
        return Refusal.malformed(object.file(), object.sections().label(section), index, why);
    }
}
