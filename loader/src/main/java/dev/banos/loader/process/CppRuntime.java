package dev.banos.loader.process;

/**
 * Which missing names C++'s runtime library would have: libstdc++ is only in processes that loaded it. A mangled name (Itanium C++
 * ABI, 5.1) says by its outermost scope whose it is.
 *
 * <pre>
 *     _Z   TV, TI, GV …   N   K …   St 6vector …      and beside these the operators new and delete,
 *     '- special names    '- nested, qualifiers       types of the language, and the runtime's own C functions
 *                                   '- the scope: std, or an abbreviation of something in it
 * </pre>
 */
public final class CppRuntime {
    private static final String[] C_NAMES = {"__cxa_", "__gxx_", "__dynamic_cast", "__once_proxy", "_Unwind_", "__gcc_personality_"};
    /** What C needs as well for its cleanups and unwinding, of a library that C++'s brings along. */
    private static final String[] COMPILER_NAMES = {"_Unwind_", "__gcc_personality_"};
    private static final String[] SPECIAL = {"TV", "TT", "TI", "TS", "TC", "TH", "TW", "GV", "GR", "GTt"};
    private static final String[] OPERATORS = {"nw", "na", "dl", "da"};
    private static final String[] SCOPES = {"St", "Sa", "Ss", "Sb", "Si", "So", "Sd", "9__gnu_cxx", "10__cxxabiv1", "11__gnu_debug",
        "14__gnu_parallel", "10__gnu_norm"};
    private static final String QUALIFIERS = "NKVRO";
    private static final String POINTERS = "PK";

    private CppRuntime() {
    }

    /** Whether it is a name of the compiler's own runtime library, {@code libgcc_s.so.1}. */
    public static boolean isOfCompiler(String symbol) {
        return startsWithAny(symbol, COMPILER_NAMES);
    }

    public static boolean has(String symbol) {
        if (!symbol.startsWith("_Z")) {
            return startsWithAny(symbol, C_NAMES);
        }
        String name = symbol.substring(2);
        if (startsWithAny(name, OPERATORS)) {
            return true;
        }
        for (String special : SPECIAL) {
            if (name.startsWith(special)) {
                return isOfRuntime(name.substring(special.length()), special.startsWith("T"));
            }
        }
        return isOfRuntime(name, false);
    }

    private static boolean isOfRuntime(String name, boolean type) {
        String scope = without(name, QUALIFIERS);
        return startsWithAny(scope, SCOPES) || type && isOfLanguage(without(name, POINTERS));
    }

    /** {@code int}, {@code char const*}: a single lower-case letter behind any pointers. */
    private static boolean isOfLanguage(String name) {
        return name.length() == 1 && Character.isLowerCase(name.charAt(0));
    }

    private static String without(String name, String leading) {
        int from = 0;
        while (from < name.length() && leading.indexOf(name.charAt(from)) >= 0) {
            from++;
        }
        return name.substring(from);
    }

    private static boolean startsWithAny(String text, String[] prefixes) {
        for (String prefix : prefixes) {
            if (text.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
