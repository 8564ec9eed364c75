package dev.banos.loader.whole;

import dev.banos.loader.whole.WholeLink.Item;
import java.util.List;
import java.util.Random;

/** What objects hold beside variables and functions of one name. */
final class Extras {
    /** The first is not for shared objects. */
    private static final List<String> TABLES = List.of(".preinit_array", ".init_array", ".init_array.102", ".init_array.00201",
            ".init_array.65534", ".init_array.0", ".init_array.x", ".ctors", ".ctors.65400", ".ctors.65300", ".ctors.00010", ".fini_array",
            ".fini_array.00103", ".dtors", ".dtors.65420");

    private final int unit;
    private final Random random;
    private final List<String> tables;
    /** Of its sections that are walked. */
    private final String flags;

    Extras(int unit, Random random, boolean shared) {
        this.unit = unit;
        this.random = random;
        this.tables = shared ? TABLES.subList(1, TABLES.size()) : TABLES;
        this.flags = one("a", "aw", "aw");
    }

    Item any(int number) {
        return switch (random.nextInt(6)) {
            case 0 -> piece();
            case 1 -> walk();
            case 2 -> group();
            case 3 -> constructor(number, "constructor", "start");
            case 4 -> constructor(number, "destructor", "end");
            default -> table(number);
        };
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private int value() {
        return 100 * (unit + 1) + random.nextInt(100);
    }

    private static String assembly(String lines) {
        return "__asm__(\"" + lines.strip().replace("\"", "\\\"").replace("\n", "\\n\"\n\"") + "\");\n";
    }

    private Item piece() {
        String code = assembly("""
                .pushsection %s,"%s",@progbits
                .balign %s
                .long %d%s
                .popsection
                """.formatted(one("s0", "s1", "s2"), flags, one("4", "4", "4", "8", "16"), value(), one("", "", ",7")));
        return new Item("piece of a section", code, "");
    }

    private Item walk() {
        String section = one("s0", "s1");
        String code = "extern int __start_NAME[] ATTRIBUTE, __stop_NAME[] ATTRIBUTE;\n".replace("NAME", section)
                .replace("ATTRIBUTE", one("__attribute__((weak))", "__attribute__((weak, visibility(\"hidden\")))",
                        "__attribute__((visibility(\"hidden\")))", "__attribute__((weak, visibility(\"protected\")))"));
        String report = """
                { int *p = __start_NAME, *q = __stop_NAME; long sum = 0; HIDE(p); HIDE(q);
                for (int n = 0; n < 100 && p + n < q; n++) { sum = (sum * 31 + p[n]) % 1000003; }
                put(UNIT, "NAME", sum); put(UNIT, "NAME size", q - p); }
                """.replace("NAME", section).replace("UNIT", Integer.toString(unit));
        return new Item("walk through " + section, code, report);
    }

    /** Of any symbols, also some that its other copies do not have. */
    private Item group() {
        String name = one("g0", "g1");
        StringBuilder lines = new StringBuilder();
        boolean function = random.nextInt(3) > 0;
        boolean variable = random.nextInt(3) > 0;
        boolean piece = random.nextInt(4) == 0;
        String comdat = random.nextInt(5) == 0 ? "" : ",comdat";
        if (function) {
            lines.append("""
                    .pushsection .text.NAME,"axG",@progbits,NAMECOMDAT
                    BINDING NAMEf
                    .type NAMEf,@function
                    .LNAME:
                    NAMEf: mov $VALUE,%eax
                    ret
                    .popsection
                    """.replace("VALUE", Integer.toString(value())).replace("BINDING", binding()));
        }
        if (function && random.nextInt(8) == 0) {
            lines.append(".pushsection .data\n.balign 8\n.quad .LNAME\n.popsection\n");
        }
        if (variable) {
            lines.append("""
                    .pushsection .data.NAME,"awG",@progbits,NAMECOMDAT
                    BINDING NAMEv
                    .type NAMEv,@object
                    .size NAMEv,4
                    .balign 4
                    NAMEv: .long VALUE
                    .popsection
                    """.replace("VALUE", Integer.toString(value())).replace("BINDING", binding()));
        }
        if (piece || !function && !variable) {
            lines.append("""
                    .pushsection s0,"awG",@progbits,NAMECOMDAT
                    .balign 4
                    .long VALUE
                    .popsection
                    """.replace("VALUE", Integer.toString(value())));
        }
        String weak = one("", "__attribute__((weak))");
        String code = assembly(lines.toString().replace("NAME", name).replace("COMDAT", comdat))
                + (function ? "extern int %sf(void) %s;%n".formatted(name, weak) : "")
                + (variable ? "extern int %sv[] %s;%n".formatted(name, weak) : "");
        String report = (function ? "{ int (*p)(void) = NAMEf; HIDE(p); put(UNIT, \"NAMEf\", p ? NAMEf() : -1); }\n" : "")
                + (variable ? "{ int *p = NAMEv; HIDE(p); put(UNIT, \"NAMEv\", p ? p[0] : -1); }\n" : "");
        return new Item("group " + name, code, report.replace("NAME", name).replace("UNIT", Integer.toString(unit)));
    }

    private String binding() {
        return one(".weak", ".weak", ".globl");
    }

    private Item constructor(int number, String kind, String calls) {
        String priority = one("", "", "(10001)", "(20000)", "(65535)");
        String code = "__attribute__((%s%s)) static void made_%d(void) { %s(%d); }%n".formatted(kind, priority, number, calls, value());
        return new Item(kind, code, "");
    }

    /** Of constructors or destructors, as assembler code has them. */
    private Item table(int number) {
        String section = tables.get(random.nextInt(tables.size()));
        String type = section.startsWith(".init") ? "@init_array" : section.startsWith(".fini") ? "@fini_array"
                : section.startsWith(".pre") ? "@preinit_array" : "@progbits";
        boolean end = section.startsWith(".fini") || section.startsWith(".dt");
        String code = """
                __attribute__((used)) static void first_NUMBER(void) { CALL(FIRST); }
                __attribute__((used)) static void second_NUMBER(void) { CALL(SECOND); }
                """.replace("CALL", end ? "end" : "start").replace("FIRST", Integer.toString(value()))
                .replace("SECOND", Integer.toString(value()));
        String pointers = assembly("""
                .pushsection %s,"aw",%s
                .balign 8
                .quad first_NUMBER%s
                .popsection
                """.formatted(section, type, one("", ",second_NUMBER")));
        return new Item("table " + section, (code + pointers).replace("NUMBER", Integer.toString(number)), "");
    }
}
