package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SectionTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a dynamic linker does around a library's life: unwind tables are registered, so that C++ exceptions can pass; then
 * constructors run, those with a priority first and in its order; at the end all of it in reverse.
 */
final class StartStop {
    /** Constructors without a priority come after all that have one, 65,535 being the largest. */
    private static final int NO_PRIORITY = 65_536;

    private final long base;
    private final List<Long> constructors = new ArrayList<>();
    private final List<Long> destructors = new ArrayList<>();
    private final List<Long> unwindTables = new ArrayList<>();

    /** The unwinder that C++ libraries of this machine use; absent where none is installed. */
    private static final class Unwinder {
        private static final MemorySegment LIBRARY = open();
        private static final long REGISTER = symbol("__register_frame");
        private static final long DEREGISTER = symbol("__deregister_frame");

        private static MemorySegment open() {
            try (Arena scope = Arena.ofConfined()) {
                return SystemCalls.dlopen(scope.allocateFrom("libgcc_s.so.1"), Linux.RTLD_NOW() | Linux.RTLD_GLOBAL());
            }
        }

        private static void call(long function, long table) {
            if (function != 0) {
                NativeCalls.call(function, table);
            }
        }

        private static long symbol(String name) {
            try (Arena scope = Arena.ofConfined()) {
                return LIBRARY.address() == 0 ? 0 : SystemCalls.dlsym(LIBRARY, scope.allocateFrom(name));
            }
        }
    }

    private record Table(int priority, long address, long size) implements Comparable<Table> {
        @Override
        public int compareTo(Table other) {
            return Integer.compare(priority, other.priority);
        }
    }

    StartStop(long base, List<LinkedObject> objects) {
        this.base = base;
        List<Table> initTables = new ArrayList<>();
        List<Table> finiTables = new ArrayList<>();
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            boolean catches = usesExceptions(object);
            for (int section = 1; section < sections.count(); section++) {
                if (object.isPlaced(section) && sections.size(section) > 0) {
                    classify(object, section, catches, initTables, finiTables);
                }
            }
        }
        readPointers(initTables, constructors);
        readPointers(finiTables, destructors);
    }

    private void classify(LinkedObject object, int section, boolean catches, List<Table> initTables, List<Table> finiTables) {
        SectionTable sections = object.elf.sections();
        String name = sections.name(section);
        long address = base + object.sectionOffset[section];
        Table table = new Table(priority(name), address, sections.size(section));
        switch (sections.type(section)) {
            case Elf.SHT_PREINIT_ARRAY -> initTables.add(new Table(-1, address, sections.size(section)));
            case Elf.SHT_INIT_ARRAY -> initTables.add(table);
            case Elf.SHT_FINI_ARRAY -> finiTables.add(table);
            default -> {
                if (name.equals(".ctors") || name.startsWith(".ctors.")) {
                    initTables.add(table);
                } else if (name.equals(".dtors") || name.startsWith(".dtors.")) {
                    finiTables.add(table);
                } else if (name.equals(Place.EH_FRAME) && catches) {
                    unwindTables.add(address);
                }
            }
        }
    }

    /** Only an object that can catch or clean up needs its table registered: registration loads a library and costs a lock. */
    private static boolean usesExceptions(LinkedObject object) {
        SectionTable sections = object.elf.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.name(section).startsWith(".gcc_except_table")) {
                return true;
            }
        }
        for (int symbol = object.elf.symbols().firstGlobal(); symbol < object.elf.symbols().count(); symbol++) {
            if (object.elf.symbols().isUndefined(symbol) && object.elf.symbols().isNamed(symbol, "__cxa_throw")) {
                return true;
            }
        }
        return false;
    }

    /** {@code .init_array.101} has 101; {@code .ctors.65434} counts from the other end. */
    private static int priority(String section) {
        int number = 0;
        for (int i = section.lastIndexOf('.') + 1; i < section.length(); i++) {
            int digit = Character.digit(section.charAt(i), 10);
            if (digit < 0 || number >= NO_PRIORITY) {
                return NO_PRIORITY;
            }
            number = number * 10 + digit;
        }
        return section.startsWith(".ctors") || section.startsWith(".dtors") ? NO_PRIORITY - 1 - number : number;
    }

    private static void readPointers(List<Table> tables, List<Long> functions) {
        Collections.sort(tables);
        for (Table table : tables) {
            for (long at = 0; at + Long.BYTES <= table.size(); at += Long.BYTES) {
                long function = Native.readLong(table.address() + at);
                if (function != 0 && function != -1) {
                    functions.add(function);
                }
            }
        }
    }

    void start() {
        for (long table : unwindTables) {
            Unwinder.call(Unwinder.REGISTER, table);
        }
        if (!constructors.isEmpty()) {
            long environment = Native.readLong(CLibrary.find("environ"));
            for (long function : constructors) {
                NativeCalls.initialize(function, environment);
            }
        }
    }

    void stop() {
        for (long function : destructors.reversed()) {
            NativeCalls.call(function, 0);
        }
        NativeCalls.call(CLibrary.find("__cxa_finalize"), base);
        for (long table : unwindTables) {
            Unwinder.call(Unwinder.DEREGISTER, table);
        }
    }
}
