package dev.banos.loader.link;

import dev.banos.bindings.Native;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.process.CLibrary;
import dev.banos.loader.process.NativeCalls;
import dev.banos.loader.process.ProcessEnd;
import dev.banos.loader.process.UnwindTables;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a dynamic linker does around a library's life: unwind tables are registered, so that C++ exceptions can pass; then
 * constructors run, those with a priority first and in its order; at the end all of it in reverse, as where a program ends.
 */
final class StartStop {
    /** Constructors without a priority come after all that have one, 65,535 being the largest. */
    private static final int NO_PRIORITY = 65_536;

    /** What throws, and what looks for the callers of a function. */
    private static final String[] UNWINDS = {"__cxa_throw", "backtrace", "_Unwind_Backtrace"};

    private final long base;
    private final long dsoHandle;
    private final List<Long> constructors = new ArrayList<>();
    private final List<Long> destructors = new ArrayList<>();
    private final UnwindTables unwindTables;
    private final boolean unwinds;

    /** @param backwards in the old form, whose pointers are read from the last to the first */
    private record Table(int priority, long address, long size, boolean backwards) implements Comparable<Table> {
        @Override
        public int compareTo(Table other) {
            return Integer.compare(priority, other.priority);
        }
    }

    /** @param dsoHandle the module's {@code __dso_handle}, under which its code registers what is to run at the end */
    StartStop(long base, long dsoHandle, List<LinkedObject> objects) {
        this.base = base;
        this.dsoHandle = dsoHandle;
        List<Table> initTables = new ArrayList<>();
        List<Table> finiTables = new ArrayList<>();
        List<Long> tables = new ArrayList<>();
        boolean any = false;
        for (LinkedObject object : objects) {
            SectionTable sections = object.elf.sections();
            any = any || unwinds(object);
            for (int section = 1; section < sections.count(); section++) {
                if (object.isPlaced(section) && sections.size(section) > 0) {
                    classify(object, section, initTables, finiTables, tables);
                }
            }
        }
        unwindTables = new UnwindTables(tables);
        unwinds = any;
        readPointers(initTables, constructors);
        readPointers(finiTables, destructors);
    }

    private void classify(LinkedObject object, int section, List<Table> initTables, List<Table> finiTables,
            List<Long> tables) {
        SectionTable sections = object.elf.sections();
        String name = sections.name(section);
        long address = base + object.sectionOffset[section];
        long size = sections.size(section);
        Table table = new Table(priority(name), address, size, false);
        switch (sections.type(section)) {
            case Elf.SHT_PREINIT_ARRAY -> initTables.add(new Table(-1, address, size, false));
            case Elf.SHT_INIT_ARRAY -> initTables.add(table);
            case Elf.SHT_FINI_ARRAY -> finiTables.add(table);
            default -> {
                if (isOrNumbered(name, ".init_array")) {
                    initTables.add(table); // written by hand, it may have the type of other data
                } else if (isOrNumbered(name, ".fini_array")) {
                    finiTables.add(table);
                } else if (isOrNumbered(name, ".ctors")) {
                    initTables.add(new Table(priority(name), address, size, true));
                } else if (isOrNumbered(name, ".dtors")) {
                    finiTables.add(new Table(priority(name), address, size, true));
                } else if (name.equals(Place.EH_FRAME)) {
                    tables.add(address);
                }
            }
        }
    }

    private static boolean isOrNumbered(String section, String name) {
        return section.startsWith(name) && (section.length() == name.length() || section.charAt(name.length()) == '.');
    }

    private static boolean unwinds(LinkedObject object) {
        SectionTable sections = object.elf.sections();
        for (int section = 1; section < sections.count(); section++) {
            if (sections.name(section).startsWith(".gcc_except_table")) {
                return true;
            }
        }
        for (int symbol : object.elf.symbols().undefined()) {
            for (String name : UNWINDS) {
                if (object.elf.symbols().isNamed(symbol, name)) {
                    return true;
                }
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
            long count = table.size() / Long.BYTES;
            for (long i = 0; i < count; i++) {
                long function = Native.readLong(table.address() + (table.backwards() ? count - 1 - i : i) * Long.BYTES);
                if (function != 0 && function != -1) {
                    functions.add(function);
                }
            }
        }
    }

    void start() {
        unwindTables.register(unwinds);
        if (!constructors.isEmpty()) {
            long environment = Native.readLong(CLibrary.find("environ"));
            for (long function : constructors) {
                NativeCalls.initialize(function, environment);
            }
        }
    }

    /**
     * In the order of a program's exit: what was registered and static objects, then destructors, then what these registered. The
     * unwind tables stay until {@link #forget}: destructors of thread-local objects may run later.
     */
    void stop() {
        long finalize = CLibrary.find("__cxa_finalize");
        NativeCalls.call(finalize, dsoHandle);
        while (!destructors.isEmpty()) {
            NativeCalls.call(destructors.removeLast(), 0); // which runs once, though all this be broken off and done again
        }
        NativeCalls.call(finalize, dsoHandle);
        ProcessEnd.forget(dsoHandle);
    }

    /** Before the module is unmapped. */
    void forget() {
        unwindTables.deregister();
    }
}
