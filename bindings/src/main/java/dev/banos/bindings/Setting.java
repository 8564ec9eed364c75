package dev.banos.bindings;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The system properties of Banos. A value that is not accepted is a {@link SettingError} where it is first needed, which names the
 * property, its value and what is accepted. A property that is not set has its default, for which no lambda is used: to link one
 * takes a JVM that has just started up to a millisecond.
 */
public final class Setting {
    /** What the program itself has set: in this copy of Banos only, where a system property would be every copy's. */
    private static final Map<String, Given> SET = new ConcurrentHashMap<>();

    /** @param words by which who runs the program finds what he gave */
    private record Given(String text, String words) {
    }

    private Setting() {
    }

    /**
     * Sets what is read from then on in place of the system property, by this copy of Banos alone: another one in the same
     * program, in a loader of its own, does not see it, and neither does who looks at the system properties.
     *
     * @param property its name
     * @param text as the system property would have it
     * @param words what messages call it in place of {@code -Dproperty=text}: the option that somebody gave
     */
    public static void set(String property, String text, String words) {
        SET.put(property, new Given(text, words));
    }

    /**
     * The text of a property as it would be read.
     *
     * @param property its name
     * @return what was {@linkplain #set}, else the system property; null where there is neither
     */
    public static @Nullable String text(String property) {
        Given set = SET.get(property);
        return set != null ? set.text : System.getProperty(property);
    }

    private static String words(String property) {
        Given set = SET.get(property);
        return set != null ? set.words : "-D" + property + "=" + System.getProperty(property);
    }

    /**
     * A whole number from {@code least} to {@code most}, in decimal, or in hexadecimal behind {@code 0x}.
     *
     * @param property its name
     * @param otherwise its value where it is not set
     * @param least the least that is accepted
     * @param most the most that is accepted
     * @return the number
     * @throws SettingError for any other text
     */
    public static long number(String property, long otherwise, long least, long most) {
        return text(property) == null ? otherwise : value(property, otherwise, text -> number(text, least, most));
    }

    private static long number(String text, long least, long most) {
        String accepted = most == Long.MAX_VALUE ? "a whole number from " + least + " on"
                : "a whole number from " + least + " to " + most;
        long number;
        try {
            number = parsed(text.strip());
        } catch (NumberFormatException notOne) {
            throw new IllegalArgumentException(accepted + " is accepted", notOne);
        }
        if (number < least || number > most) {
            throw new IllegalArgumentException(accepted + " is accepted");
        }
        return number;
    }

    /** Not {@link Long#decode}, which takes what begins with 0 for octal. */
    private static long parsed(String text) {
        boolean hexadecimal = text.startsWith("0x") || text.startsWith("0X");
        return hexadecimal ? Long.parseLong(text, 2, text.length(), 16) : Long.parseLong(text);
    }

    /**
     * The constant of an enum whose name this is, in upper or lower case.
     *
     * @param <E> the enum
     * @param property its name
     * @param otherwise its value where it is not set
     * @return the constant
     * @throws SettingError for any other text
     */
    public static <E extends Enum<E>> E word(String property, E otherwise) {
        return text(property) == null ? otherwise
                : value(property, otherwise, text -> constant(text, otherwise.getDeclaringClass().getEnumConstants()));
    }

    private static <E extends Enum<E>> E constant(String text, E[] constants) {
        return Arrays.stream(constants).filter(each -> each.name().equalsIgnoreCase(text.strip())).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the words are " + Arrays.stream(constants)
                        .map(each -> each.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "))));
    }

    /**
     * What {@code parse} makes of the text; its {@link IllegalArgumentException} says what is accepted.
     *
     * @param <T> what the text stands for
     * @param property its name
     * @param otherwise its value where it is not set
     * @param parse reads the text
     * @return what the property says
     * @throws SettingError where {@code parse} refuses the text
     */
    public static <T> T value(String property, T otherwise, Function<String, T> parse) {
        T value = optional(property, parse);
        return value == null ? otherwise : value;
    }

    /**
     * As {@link #value}, without a value for where the property is not set.
     *
     * @param <T> what the text stands for
     * @param property its name
     * @param parse reads the text
     * @return what the property says; null where it is not set
     * @throws SettingError where {@code parse} refuses the text
     */
    public static <T> @Nullable T optional(String property, Function<String, T> parse) {
        String text = text(property);
        if (text == null) {
            return null;
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException refused) {
            throw new SettingError(words(property) + ": " + refused.getMessage(), refused);
        }
    }

    /**
     * Two properties that cannot both be set as they are.
     *
     * @param one the name of a property that is set
     * @param other the name of another
     * @param why what cannot be, and the remedy
     * @return the error, to be thrown
     */
    public static SettingError conflict(String one, String other, String why) {
        return new SettingError(words(one) + " and " + words(other) + ": " + why, null);
    }
}
