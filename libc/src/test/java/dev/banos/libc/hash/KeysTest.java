package dev.banos.libc.hash;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Hash and equality of keys in memory, asked directly: in a table one answers for the other in most searches. */
class KeysTest {
    private static final long SEED = 0x0123_4567_89AB_CDEFL;
    private static final long OTHER_SEED = 0x0FED_CBA9_8765_4321L;

    private static MemorySegment text(Arena scope, int bytes, long seed) {
        MemorySegment text = scope.allocate(bytes + 1L);
        Random random = new Random(seed);
        for (int at = 0; at < bytes; at++) {
            text.set(JAVA_BYTE, at, (byte) random.nextInt('a', 'z' + 1));
        }
        return text;
    }

    private static void requireEveryByteCounts(Keys keys, MemorySegment key, MemorySegment other, int bytes) {
        assertThat(keys.equal(key.address(), other.address())).as("%d bytes", bytes).isTrue();
        long hash = keys.hash(key.address(), SEED);
        assertThat(keys.hash(other.address(), SEED)).as("%d bytes", bytes).isEqualTo(hash);
        for (int at = 0; at < bytes; at++) {
            byte before = other.get(JAVA_BYTE, at);
            other.set(JAVA_BYTE, at, (byte) (before ^ 0x80));
            assertThat(keys.equal(key.address(), other.address())).as("byte %d of %d", at, bytes).isFalse();
            assertThat(keys.hash(other.address(), SEED)).as("byte %d of %d", at, bytes).isNotEqualTo(hash);
            other.set(JAVA_BYTE, at, before);
        }
    }

    @Test
    void everyByteOfAKeyCounts() {
        try (Arena scope = Arena.ofConfined()) {
            for (int bytes = 1; bytes <= 33; bytes++) {
                requireEveryByteCounts(Keys.bytes(bytes), text(scope, bytes, bytes), text(scope, bytes, bytes), bytes);
            }
        }
    }

    @Test
    void whatStandsBehindAKeyDoesNotCount() {
        try (Arena scope = Arena.ofConfined()) {
            for (int bytes = 1; bytes <= 33; bytes++) {
                MemorySegment key = text(scope, bytes, bytes);
                MemorySegment other = text(scope, bytes, bytes);
                other.set(JAVA_BYTE, bytes, (byte) 'x');
                assertThat(Keys.bytes(bytes).equal(key.address(), other.address())).isTrue();
                assertThat(Keys.bytes(bytes).hash(key.address(), SEED)).isEqualTo(Keys.bytes(bytes).hash(other.address(), SEED));
            }
        }
    }

    @Test
    void everyCharacterOfATextCountsAndItsEnd() {
        try (Arena scope = Arena.ofConfined()) {
            for (int bytes = 0; bytes <= 33; bytes++) {
                MemorySegment key = text(scope, bytes, bytes);
                requireEveryByteCounts(Keys.strings(), key, text(scope, bytes, bytes), bytes);
                MemorySegment longer = scope.allocate(bytes + 2L).copyFrom(key);
                longer.set(JAVA_BYTE, bytes, (byte) 'x');
                assertThat(Keys.strings().equal(key.address(), longer.address())).isFalse();
                assertThat(Keys.strings().equal(longer.address(), key.address())).isFalse();
                assertThat(Keys.strings().hash(longer.address(), SEED)).isNotEqualTo(Keys.strings().hash(key.address(), SEED));
            }
        }
    }

    /** Else who knows one table's hashes knows how those of any other differ. */
    @Test
    void theSeedDecidesHowHashesDiffer() {
        try (Arena scope = Arena.ofConfined()) {
            for (int bytes = 1; bytes <= 33; bytes++) {
                MemorySegment key = text(scope, bytes, bytes);
                MemorySegment other = text(scope, bytes, -bytes);
                for (Keys keys : new Keys[] {Keys.bytes(bytes), Keys.strings()}) {
                    long difference = keys.hash(key.address(), SEED) ^ keys.hash(other.address(), SEED);
                    long underAnother = keys.hash(key.address(), OTHER_SEED) ^ keys.hash(other.address(), OTHER_SEED);
                    assertThat(underAnother).as("%s, %d bytes", keys, bytes).isNotEqualTo(difference);
                }
            }
        }
    }

    @Test
    void noKeyOrValueIsLargerThanTwoGigabytes() {
        assertThatIllegalArgumentException().isThrownBy(() -> Keys.bytes(1L << 31)).withMessageContaining("bytes=2147483648");
        assertThatIllegalArgumentException().isThrownBy(() -> new HashMap(Keys.longs(), (1L << 31) + 1))
                .withMessageContaining("valueBytes=2147483649");
        new HashMap(Keys.bytes(Integer.MAX_VALUE), 1L << 31).close();
    }
}
