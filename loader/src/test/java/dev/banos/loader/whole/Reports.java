package dev.banos.loader.whole;

import java.util.Random;

/** What an object says of one name: the value that it reads, and which of all addresses of the name it has. */
final class Reports {
    private final int unit;
    private final String name;
    private final Random random;
    private final boolean fixed;
    private final boolean near;
    private final boolean fromData;

    /**
     * @param fixed whether code may hold addresses
     * @param near whether it may reach the name by a distance
     */
    Reports(int unit, String name, Random random, boolean fixed, boolean near) {
        this.unit = unit;
        this.name = name;
        this.random = random;
        this.fixed = fixed;
        this.near = near;
        this.fromData = random.nextInt(3) == 0;
    }

    /** A pointer in data, which a relocation of its own fills in. */
    String declarations(Piece.Subject subject) {
        if (!fromData) {
            return "";
        }
        String code = switch (subject) {
            case VARIABLE -> "static int *volatile at_NAME = NAME;";
            case FUNCTION -> "static int (*volatile at_NAME)(void) = NAME;";
            case ABSOLUTE -> "static char *volatile at_NAME = NAME;";
            case THREAD_LOCAL -> "";
        };
        return '\n' + code.replace("NAME", name);
    }

    String statements(Piece piece, int aligned) {
        String text = switch (piece.subject) {
            case VARIABLE -> """
                    { int *p = ADDRESS; HIDE(p); put(UNIT, "NAME", p ? p[AT] : -1); put(UNIT, "NAME at", same("NAME", p)); ALIGNED }
                    """;
            case FUNCTION -> """
                    { int (*p)(void) = ADDRESS; HIDE(p); put(UNIT, "NAME at", same("NAME", p)); put(UNIT, "NAME by pointer", p ? p() : -1);
                    HIDE(p); put(UNIT, "NAME", p ? NAME() : -1); }
                    """;
            case ABSOLUTE -> """
                    { char *p = ADDRESS; HIDE(p); put(UNIT, "NAME", (long)p); }
                    """;
            case THREAD_LOCAL -> """
                    { int *p = NAME; HIDE(p); put(UNIT, "NAME", p[0]); put(UNIT, "NAME at", same("NAME", p)); }
                    """;
        };
        String all = text.replace("ADDRESS", address(piece)) + (fromData && piece.subject != Piece.Subject.THREAD_LOCAL
                ? text.replace("ADDRESS", "at_NAME") : "");
        return all.replace("ALIGNED", aligned == 0 ? "" : "put(UNIT, \"NAME aligned\", !p || p[0] != 0 || (long)p % " + aligned + " == 0);")
                .replace("AT]", name.startsWith("in6") ? "3]" : "0]").replace("NAME", name).replace("UNIT", Integer.toString(unit));
    }

    /** The assembler refuses distances to a number that it knows, and linkers what they would have to tell the dynamic linker of code. */
    private String address(Piece piece) {
        boolean number = piece.subject == Piece.Subject.ABSOLUTE && piece.defines();
        return switch (number ? 2 : random.nextInt(8)) {
            case 0 -> "({ void *q; __asm__(\"movq NAME@GOTPCREL(%%rip), %0\" : \"=r\"(q)); q; })";
            case 1 -> near ? "({ void *q; __asm__(\"lea NAME(%%rip), %0\" : \"=r\"(q)); q; })" : "(void *)NAME";
            case 2 -> fixed ? "({ void *q; __asm__(\"movabsq $NAME, %0\" : \"=r\"(q)); q; })"
                    : "({ static char *volatile q = (char *)NAME; q; })";
            default -> "(void *)NAME";
        };
    }
}
