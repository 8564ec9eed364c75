package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a table shows of its keys. */
class KeyBytesTest {
    @Test
    void theBytesOfAKeyAreThoseThatWereInserted() {
        try (Arena scope = Arena.ofConfined(); HashMap texts = new HashMap(Keys.strings(), 0); HashSet blocks = new HashSet(Keys.bytes(5));
                HashSet numbers = new HashSet(Keys.longs())) {
            List<String> words = List.of("", "be", "not", "or", "to");
            for (String word : words) {
                assertThat(texts.insert(scope.allocateFrom(word).address(), 0)).isEqualTo(Insertion.INSERTED);
            }
            List<String> found = new ArrayList<>();
            for (long entry = texts.first(); entry != 0; entry = texts.next(entry)) {
                MemorySegment bytes = texts.keyBytes(entry);
                found.add(bytes.getString(0));
                assertThat(bytes.byteSize()).isEqualTo(found.getLast().length() + 1);
            }
            assertThat(found).containsExactlyInAnyOrderElementsOf(words);
            MemorySegment five = scope.allocateFrom("fives");
            assertThat(blocks.insert(five.address())).isEqualTo(Insertion.INSERTED);
            five.fill((byte) 0);
            assertThat(blocks.keyBytes(blocks.first()).toArray(JAVA_BYTE)).isEqualTo("fives".getBytes(StandardCharsets.US_ASCII));
            numbers.insert(17);
            assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> numbers.keyBytes(numbers.first()))
                    .withMessageStartingWith("key=17 is a number");
            assertThatIllegalArgumentException().isThrownBy(() -> texts.keyBytes(1));
        }
    }
}
