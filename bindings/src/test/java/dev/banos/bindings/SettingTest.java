package dev.banos.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A property is read as it is meant, or refused with its name, its value and what is accepted. */
class SettingTest {
    private static final String PROPERTY = "banos.test.setting";

    @AfterEach
    void unset() {
        System.clearProperty(PROPERTY);
    }

    @Test
    void numbersAreReadInDecimalAndHexadecimal() {
        assertEquals(7, Setting.number(PROPERTY, 7, 0, 10));
        assertEquals(10, number("10"));
        assertEquals(9, number(" 0x9 "));
        assertEquals(10, number("010"));
        assertEquals(8, number("08"));
    }

    @Test
    void whatIsNoNumberOrOutOfBoundsIsRefused() {
        for (String wrong : new String[] {"", "ten", "0x", "#9", "0x-1", "64K", "1.5", "-1", "11", "99999999999999999999"}) {
            SettingError refused = assertThrows(SettingError.class, () -> number(wrong));
            assertEquals("-D" + PROPERTY + "=" + wrong + ": a whole number from 0 to 10 is accepted", refused.getMessage());
        }
    }

    @Test
    void whatTheProgramSetsGoesBeforeThePropertyAndIsNone() {
        String property = PROPERTY + ".set"; // for good
        System.setProperty(property, "3");
        try {
            Setting.set(property, "4", "four=4");
            assertEquals(4, Setting.number(property, 7, 0, 10));
            assertEquals("4", Setting.text(property));
            assertEquals("3", System.getProperty(property));
        } finally {
            System.clearProperty(property);
        }
        assertEquals(4, Setting.number(property, 7, 0, 10));
        SettingError refused = assertThrows(SettingError.class, () -> Setting.number(property, 0, 0, 3));
        assertEquals("four=4: a whole number from 0 to 3 is accepted", refused.getMessage());
        System.setProperty(PROPERTY, "5");
        assertEquals("four=4 and -D" + PROPERTY + "=5: why", Setting.conflict(property, PROPERTY, "why").getMessage());
    }

    @Test
    void wordsAreThoseOfTheEnum() {
        assertEquals(TimeUnit.DAYS, Setting.word(PROPERTY, TimeUnit.DAYS));
        System.setProperty(PROPERTY, "Hours");
        assertEquals(TimeUnit.HOURS, Setting.word(PROPERTY, TimeUnit.DAYS));
        System.setProperty(PROPERTY, "weeks");
        SettingError refused = assertThrows(SettingError.class, () -> Setting.word(PROPERTY, TimeUnit.DAYS));
        assertTrue(refused.getMessage().startsWith("-D" + PROPERTY + "=weeks: the words are nanoseconds, "), refused.getMessage());
    }

    private static long number(String text) {
        System.setProperty(PROPERTY, text);
        return Setting.number(PROPERTY, 7, 0, 10);
    }
}
