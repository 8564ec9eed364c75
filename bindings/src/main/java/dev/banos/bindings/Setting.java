package dev.banos.bindings;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The system properties of Banos: what is set and cannot be right stops the program where it is first needed, in a
 * {@link SettingError} that names the property, its value and what is accepted. What is not set is the default.
 */
public final class Setting {
    private Setting() {
    }

    /** A whole number from {@code least} to {@code most}, in decimal, or in hexadecimal behind {@code 0x}. */
    public static long number(String property, long otherwise, long least, long most) {
        return value(property, otherwise, text -> number(text, least, most));
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

    /** The constant of an enum whose name this is, in upper or lower case. */
    public static <E extends Enum<E>> E word(String property, E otherwise) {
        return value(property, otherwise, text -> constant(text, otherwise.getDeclaringClass().getEnumConstants()));
    }

    private static <E extends Enum<E>> E constant(String text, E[] constants) {
        return Arrays.stream(constants).filter(each -> each.name().equalsIgnoreCase(text.strip())).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("the words are " + Arrays.stream(constants)
                        .map(each -> each.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(", "))));
    }

    /** What {@code parse} makes of the text; its {@link IllegalArgumentException} says what is accepted. */
    public static <T> T value(String property, T otherwise, Function<String, T> parse) {
        String text = System.getProperty(property);
        if (text == null) {
            return otherwise;
        }
        try {
            return parse.apply(text);
        } catch (IllegalArgumentException refused) {
            throw new SettingError("-D" + property + "=" + text + ": " + refused.getMessage(), refused);
        }
    }

    /** Two properties that cannot both be set as they are. */
    public static SettingError conflict(String one, String other, String why) {
        return new SettingError("-D" + one + "=" + System.getProperty(one) + " and -D" + other + "=" + System.getProperty(other)
                + ": " + why, null);
    }
}
