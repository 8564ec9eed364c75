package dev.banos.loader.link;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.OwnCode;
import dev.banos.loader.machine.OwnCode.Field;
import dev.banos.loader.machine.OwnCode.Unlinked;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions that glibc links into every module instead of keeping them in its shared library: they register under the
 * module's own {@code __dso_handle}, so that what a module registered runs, or is forgotten, when that module goes. A module that
 * imports one of them gets an object of ours with all of them.
 *
 * <pre>
 *     atexit(f)                     __cxa_atexit(f, 0, handle)
 *     at_quick_exit(f)              __cxa_at_quick_exit(f, handle)
 *     pthread_atfork(f, g, h)       __register_atfork(f, g, h, handle)
 *
 *     0        64     112           208           352    ...      ...
 *     | header | code | relocations | symbols ... | their names | section headers |
 * </pre>
 */
final class NonsharedFunctions {
    private static final String FILE = "libc's functions of each module";
    private static final int HEADER_BYTES = 64;
    private static final int SYMBOL_BYTES = 24;
    private static final int RELOCATION_BYTES = 24;
    private static final int TEXT = 1;
    private static final int SYMBOLS = 3;
    private static final int STRINGS = 4;
    private static final int SECTIONS = 5;
    private static final String SECTION_NAMES = "\0.text\0.rela.text\0.symtab\0.strtab\0";

    /** The function, what it goes on at, which argument there is the handle, and whether the second is to be 0. */
    private record Function(String name, String target, int handle, boolean clearsSecond) {
        static final int BYTES = 16;

        Unlinked code() {
            return OwnCode.host().withHandle(handle, clearsSecond);
        }
    }

    private static final Function[] FUNCTIONS = {
        new Function("atexit", "__cxa_atexit", 2, true),
        new Function("at_quick_exit", "__cxa_at_quick_exit", 1, false),
        new Function("pthread_atfork", "__register_atfork", 3, false)};

    private NonsharedFunctions() {
    }

    /** The object that defines those functions which the objects import and nobody else has; null where there are none. */
    static @Nullable ElfObject forObjects(List<ElfObject> objects, Imports imports) {
        List<Function> wanted = new ArrayList<>();
        for (Function function : FUNCTIONS) {
            if (isImported(function.name(), objects) && imports.find(function.name()) == 0) {
                wanted.add(function);
            }
        }
        return wanted.isEmpty() ? null : ObjectReader.read(object(wanted), FILE);
    }

    private static boolean isImported(String name, List<ElfObject> objects) {
        boolean imported = false;
        for (ElfObject object : objects) {
            SymbolTable symbols = object.symbols();
            for (int symbol : symbols.undefined()) {
                imported |= symbols.isNamed(symbol, name);
            }
        }
        return imported && !isDefined(name, objects);
    }

    private static boolean isDefined(String name, List<ElfObject> objects) {
        for (ElfObject object : objects) {
            if (object.symbols().defines(name)) {
                return true;
            }
        }
        return false;
    }

    private static byte[] object(List<Function> functions) {
        List<String> names = new ArrayList<>(List.of(Resolve.DSO_HANDLE));
        functions.forEach(function -> names.add(function.name()));
        functions.forEach(function -> names.add(function.target()));
        String strings = SECTION_NAMES + String.join("\0", names) + "\0";
        int relocations = HEADER_BYTES + functions.size() * Function.BYTES;
        int fields = functions.getFirst().code().fields().size();
        int symbols = relocations + fields * functions.size() * RELOCATION_BYTES;
        int text = symbols + (1 + names.size()) * SYMBOL_BYTES;
        int headers = text + strings.length() + Long.BYTES - 1 & -Long.BYTES;
        ByteBuffer file = ByteBuffer.allocate(headers + SECTIONS * HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header(file, headers);
        for (int i = 0; i < functions.size(); i++) {
            Unlinked code = functions.get(i).code();
            file.put(HEADER_BYTES + i * Function.BYTES, code.code());
            relocations(file, relocations + i * fields * RELOCATION_BYTES, i, code.fields(), functions.size());
        }
        symbols(file, symbols, names, functions.size());
        file.put(text, strings.getBytes(StandardCharsets.US_ASCII));
        section(file, headers, TEXT, Elf.SHT_PROGBITS, HEADER_BYTES, relocations - HEADER_BYTES, 0);
        section(file, headers, 2, Elf.SHT_RELA, relocations, symbols - relocations, RELOCATION_BYTES);
        section(file, headers, SYMBOLS, Elf.SHT_SYMTAB, symbols, text - symbols, SYMBOL_BYTES);
        section(file, headers, STRINGS, Elf.SHT_STRTAB, text, strings.length(), 0);
        return file.array();
    }

    private static void header(ByteBuffer file, int headers) {
        file.putInt(0, 0x464c457f).put(4, (byte) Elf.ELFCLASS64).put(5, (byte) Elf.ELFDATA2LSB).put(6, (byte) Elf.EV_CURRENT);
        file.putShort(16, (short) Elf.ET_REL).putShort(18, (short) Architecture.hostMachine()).putInt(20, Elf.EV_CURRENT);
        file.putLong(40, headers).putShort(52, (short) HEADER_BYTES).putShort(58, (short) HEADER_BYTES);
        file.putShort(60, (short) SECTIONS).putShort(62, (short) STRINGS);
    }

    private static void relocations(ByteBuffer file, int start, int index, List<Field> fields, int functions) {
        file.position(start);
        for (Field field : fields) {
            int symbol = field.handle() ? 1 : 2 + functions + index;
            file.putLong((long) index * Function.BYTES + field.at()).putInt(field.type()).putInt(symbol).putLong(field.addend());
        }
    }

    private static void symbols(ByteBuffer file, int start, List<String> names, int functions) {
        int name = SECTION_NAMES.length();
        for (int i = 0; i < names.size(); i++) {
            boolean defined = i >= 1 && i <= functions;
            file.position(start + (1 + i) * SYMBOL_BYTES);
            file.putInt(name).put((byte) (Elf.STB_GLOBAL << 4 | (defined ? Elf.STT_FUNC : Elf.STT_NOTYPE))).put((byte) 0);
            file.putShort((short) (defined ? TEXT : Elf.SHN_UNDEF));
            file.putLong(defined ? (i - 1L) * Function.BYTES : 0).putLong(defined ? Function.BYTES : 0);
            name += names.get(i).length() + 1;
        }
    }

    private static void section(ByteBuffer file, int headers, int section, int type, int offset, int size, int entrySize) {
        String name = SECTION_NAMES.split("\0")[section];
        file.position(headers + section * HEADER_BYTES);
        file.putInt(SECTION_NAMES.indexOf("\0" + name + "\0") + 1).putInt(type);
        file.putLong(section == TEXT ? Elf.SHF_ALLOC | Elf.SHF_EXECINSTR : 0).putLong(0).putLong(offset).putLong(size);
        file.putInt(type == Elf.SHT_RELA ? SYMBOLS : type == Elf.SHT_SYMTAB ? STRINGS : 0).putInt(1); // info: section, first global
        file.putLong(section == TEXT ? Function.BYTES : Long.BYTES).putLong(entrySize);
    }
}
