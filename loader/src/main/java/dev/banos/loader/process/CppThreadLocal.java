package dev.banos.loader.process;

import org.jspecify.annotations.Nullable;

/**
 * The names that C++ compilers give to what initialises a thread-local variable in a thread: the Itanium C++ ABI, section 5.1.4.4.
 * Who uses a variable of another file calls that function before, if there is one.
 */
public final class CppThreadLocal {
    private static final String INITIALISER = "_ZTH";
    private static final String MANGLED = "_Z";

    private CppThreadLocal() {
    }

    /** The name of the variable's initialiser: {@code _ZTH7counter} of {@code counter}, {@code _ZTHN1a1bE} of {@code _ZN1a1bE}. */
    public static String initialiser(String variable) {
        return INITIALISER + (variable.startsWith(MANGLED) ? variable.substring(MANGLED.length()) : variable.length() + variable);
    }

    /** The name of the variable whose initialiser has that name; null where it is no such name. */
    public static @Nullable String initialised(String symbol) {
        if (!symbol.startsWith(INITIALISER)) {
            return null;
        }
        String rest = symbol.substring(INITIALISER.length());
        int digits = 0;
        while (digits < rest.length() && Character.digit(rest.charAt(digits), 10) >= 0) {
            digits++;
        }
        String plain = rest.substring(digits);
        return digits > 0 && rest.substring(0, digits).equals(Integer.toString(plain.length())) ? plain : MANGLED + rest;
    }
}
