package dev.banos.loader.whole;

import java.util.ArrayList;
import java.util.List;

/**
 * Objects and archives of one link.
 *
 * @param whole whether all members of archives are taken
 * @param sameNames whether the files of all members have one name
 */
record WholeLink(Mode mode, boolean whole, boolean sameNames, List<Unit> units) {
    static final int MOST_UNITS = 8;
    /** In bytes, of what all objects say. */
    static final int LONGEST_TEXT = 1 << 16;

    /** What the linkers make: a shared object, or a program that may lie anywhere or at one address. */
    enum Mode {
        SHARED, PIE, FIXED
    }

    /**
     * @param archive the number of the archive that it is in, from 1 on; or 0
     * @param flags the compiler, and what it is told
     */
    record Unit(int number, int archive, String flags, List<Item> items) {
        String source() {
            StringBuilder code = new StringBuilder(HEADER);
            items.forEach(item -> code.append("/* ").append(item.label()).append(" */\n").append(item.code()).append('\n'));
            code.append("void report_").append(number).append("(void) {\n");
            items.forEach(item -> code.append(item.report()));
            return code.append("}\n").toString();
        }

        Unit with(List<Item> others) {
            return new Unit(number, archive, flags, others);
        }
    }

    /** @param report statements that say what the object sees of it */
    record Item(String label, String code, String report) {
        /** Whether no object has two of them. */
        boolean once() {
            return label.startsWith("group") || label.startsWith("walk");
        }
    }

    private static final String HEADER = """
            void put(int object, const char *what, long value);
            long same(const char *name, const void *address);
            void start(int number);
            void end(int number);
            #define HIDE(p) __asm__("" : "+r"(p))
            """;

    /** In the object that asks all others: those that were not linked are at address 0. */
    static String mainSource() {
        StringBuilder code = new StringBuilder("""
                int snprintf(char *, unsigned long, const char *, ...); int puts(const char *); int strcmp(const char *, const char *);
                long write(int, const void *, unsigned long); char *strcpy(char *, const char *);
                static char text[LONGEST]; static int at; static char *sink;
                static struct { const char *name; const void *address; } seen[1000];
                void put(int object, const char *what, long value) {
                    at += snprintf(text + at, sizeof text - at, "%d %s = %ld\\n", object, what, value);
                }
                long same(const char *name, const void *address) {
                    int count = 0, i = 0;
                    for (; seen[i].name; i++) {
                        if (!strcmp(seen[i].name, name) && seen[i].address == address) { return count; }
                        count += !strcmp(seen[i].name, name);
                    }
                    seen[i].name = name; seen[i].address = address;
                    return count;
                }
                void start(int number) { put(-1, "start", number); }
                void end(int number) {
                    char line[40];
                    int length = snprintf(line, sizeof line, "end %d\\n", number);
                    if (!sink) { write(1, line, length); return; }
                    for (int i = 0; i < length; i++) { *sink++ = line[i]; }
                }
                void set_sink(char *where) { sink = where; }
                """.replace("LONGEST", Integer.toString(LONGEST_TEXT)));
        for (int unit = 0; unit < MOST_UNITS; unit++) {
            code.append("extern void report_%d(void) __attribute__((weak));%n".formatted(unit));
        }
        code.append("const char *all(void) {\n");
        for (int unit = 0; unit < MOST_UNITS; unit++) {
            code.append("if (report_%1$d) { put(%1$d, \"is\", 1); report_%1$d(); }%n".formatted(unit));
        }
        return code + "return text; }\nint print(void) { puts(all()); return 0; }\nvoid tell(char *where) { strcpy(where, all()); }\n";
    }

    static String programSource() {
        return "int print(void); int fflush(void *); int main(void) { print(); fflush(0); return 0; }\n";
    }

    static String hostSource() {
        return """
                #include <dlfcn.h>
                #include <stdio.h>
                int main(int count, char **words) {
                    void *library = dlopen(words[1], RTLD_NOW);
                    if (!library) { puts(dlerror()); return 1; }
                    ((int (*)(void))dlsym(library, "print"))();
                    fflush(0);
                    dlclose(library);
                    return 0;
                }
                """;
    }

    /** With less in it, for who looks for the least that shows a difference. */
    List<WholeLink> smaller() {
        List<WholeLink> all = new ArrayList<>();
        for (int i = 0; i < units.size(); i++) {
            all.add(replaced(i, null));
        }
        for (int i = 0; i < units.size(); i++) {
            Unit unit = units.get(i);
            for (int item = 0; item < unit.items().size(); item++) {
                List<Item> fewer = new ArrayList<>(unit.items());
                fewer.remove(item);
                all.add(replaced(i, unit.with(fewer)));
            }
            if (unit.archive() > 0) {
                all.add(replaced(i, new Unit(unit.number(), 0, unit.flags(), unit.items())));
            }
            if (unit.archive() > 1) {
                all.add(replaced(i, new Unit(unit.number(), 1, unit.flags(), unit.items())));
            }
            if (!unit.flags().equals("gcc -O1 -fPIC")) {
                all.add(replaced(i, new Unit(unit.number(), unit.archive(), "gcc -O1 -fPIC", unit.items())));
            }
        }
        if (mode != Mode.PIE) {
            all.add(new WholeLink(Mode.PIE, whole, sameNames, units));
        }
        if (whole) {
            all.add(new WholeLink(mode, false, sameNames, units));
        }
        if (sameNames) {
            all.add(new WholeLink(mode, whole, false, units));
        }
        return all;
    }

    private WholeLink replaced(int index, Unit unit) {
        List<Unit> others = new ArrayList<>(units);
        if (unit == null) {
            others.remove(index);
        } else {
            others.set(index, unit);
        }
        return new WholeLink(mode, whole, sameNames, others);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(mode + (whole ? ", all members" : "") + (sameNames ? ", members of one name" : "") + "\n");
        for (Unit unit : units) {
            text.append("-- object ").append(unit.number()).append(unit.archive() > 0 ? " in archive " + unit.archive() : "").append(", ")
                    .append(unit.flags()).append('\n').append(unit.source());
        }
        return text.toString();
    }
}
