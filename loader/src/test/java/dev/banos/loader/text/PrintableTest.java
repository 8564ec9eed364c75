package dev.banos.loader.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {
    /** Orders to a terminal, ends of lines, what turns the direction of writing, a tag of no width, and half of a character. */
    @ParameterizedTest
    @ValueSource(ints = {0, '\n', 0x1b, 0x7f, 0x85, 0x9b, 0x200f, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff, 0xd83d, 0xde00, 0xe0041})
    void whatIsNotPlainIsAQuestionMark(int letter) {
        assertThat(Printable.of("a" + Character.toString(letter) + "b" + Character.toString(letter))).isEqualTo("a?b?");
    }

    @Test
    void lettersOfAnyLanguageStay() {
        String text = "a b~\u00e9\u05d0\u540d\ufffd\ud83d\ude00";
        assertThat(Printable.of(text)).isEqualTo(text);
    }
}
