package dev.banos.loader.link;

import java.util.regex.Pattern;

/**
 * Names of functions that compilers call for what the machine has no instruction for, and of which no shared library can be relied
 * on: gcc links its archive {@code libgcc.a} into each program. Their names tell the operation and the modes of its operands (GCC
 * Internals, "The GCC low-level runtime library"): {@code __extendhfsf2} makes a {@code float} of a {@code _Float16}.
 */
final class CompilerArchive {
    private static final String MODE = "(?:[hbsdxt]f|[sdt]i|[hsdxt]c|[sdt]d)";
    private static final Pattern NAME = Pattern.compile("__cpu_(model|indicator_init|features2)|__bid_\\w+"
            + "|__[a-z]+?(?:" + MODE + MODE + "[234]?|" + MODE + "[234])");

    /** Products that tell an overflow; gcc has no such functions, and none in its archive. */
    private static final Pattern OF_CLANG = Pattern.compile("__mulo[sdt]i4");

    private static final String REMEDY = "add the compiler's own archive, whose path `gcc -print-libgcc-file-name` prints";
    private static final String REMEDY_OF_CLANG = "add clang's own archive, whose path"
            + " `clang -rtlib=compiler-rt -print-libgcc-file-name` prints, or compile with gcc";

    private CompilerArchive() {
    }

    static boolean has(String symbol) {
        return NAME.matcher(symbol).matches();
    }

    /** What to do about a symbol that it {@linkplain #has has}. */
    static String remedy(String symbol) {
        return OF_CLANG.matcher(symbol).matches() ? REMEDY_OF_CLANG : REMEDY;
    }
}
