package dev.banos.libc.pthread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.generated.Linux;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class ThreadKeysTest {
    private final List<Integer> keys = new ArrayList<>();
    private final List<Long> destroyed = new CopyOnWriteArrayList<>();

    @AfterEach
    void deleteKeys() {
        keys.forEach(ThreadKeys::delete);
    }

    @ParameterizedTest
    @EnumSource
    void eachThreadHasItsOwnValue(Kind kind) {
        int key = create(null);
        ThreadKeys.set(key, 1);
        assertThat(kind.start(argument -> {
            long before = ThreadKeys.get(key);
            ThreadKeys.set(key, 2);
            return before * 10 + ThreadKeys.get(key);
        }).join()).isEqualTo(2);
        assertThat(ThreadKeys.get(key)).isEqualTo(1);
    }

    @Test
    void aHundredAndTwentyEightKeysExistAtOnceAndOneMoreIsEagain() {
        int[] all = IntStream.range(0, ThreadKeys.KEYS_MAX).map(i -> create(null)).toArray();
        assertThat(ThreadKeys.KEYS_MAX).isGreaterThanOrEqualTo(128);
        assertThat(all).doesNotHaveDuplicates();
        assertThat(IntStream.of(all)).allMatch(key -> key >= 0);
        assertThat(ThreadKeys.create(null)).isEqualTo(-Linux.EAGAIN());
        for (int key : all) {
            ThreadKeys.set(key, key + 1L);
        }
        for (int key : all) {
            assertThat(ThreadKeys.get(key)).isEqualTo(key + 1L);
        }
    }

    /** A negative number is an error. The name has 24 bits for how many keys there were. */
    @Test
    void howeverManyKeysThereWereANameIsNoError() {
        int key = 0;
        for (int i = 0; i < 1 << 24 && key >= 0; i++) {
            key = ThreadKeys.create(null);
            ThreadKeys.delete(key);
        }
        assertThat(key).isNotNegative();
    }

    @Test
    void aKeyThatReusesASlotReadsNull() {
        int old = create(null);
        ThreadKeys.set(old, 5);
        ThreadKeys.delete(old);
        int young = create(null);
        assertThat(young & 127).isEqualTo(old & 127);
        assertThat(young).isNotEqualTo(old);
        assertThat(ThreadKeys.get(young)).isZero();
    }

    @Test
    void aDeletedKeyIsNoKeyEvenAfterItsSlotIsReused() {
        int old = create(null);
        ThreadKeys.delete(old);
        assertThat(ThreadKeys.set(old, 1)).isEqualTo(-Linux.EINVAL());
        int young = create(null);
        ThreadKeys.set(young, 6);
        assertThat(ThreadKeys.get(old)).isZero();
        assertThat(ThreadKeys.set(old, 1)).isEqualTo(-Linux.EINVAL());
        assertThat(ThreadKeys.delete(old)).isEqualTo(-Linux.EINVAL());
        assertThat(ThreadKeys.get(young)).isEqualTo(6);
    }

    @Test
    void whatIsNoKeyIsEinval() {
        for (int wrong : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(ThreadKeys.set(wrong, 1)).isEqualTo(-Linux.EINVAL());
            assertThat(ThreadKeys.delete(wrong)).isEqualTo(-Linux.EINVAL());
            assertThat(ThreadKeys.get(wrong)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDestructorGetsTheValueOfTheThreadThatEndsWithTheValueAlreadyNull(Kind kind) {
        int[] key = new int[1];
        key[0] = create(value -> {
            destroyed.add(value);
            destroyed.add(ThreadKeys.get(key[0]));
        });
        kind.start(argument -> ThreadKeys.set(key[0], 7)).join();
        assertThat(destroyed).containsExactly(7L, 0L);
    }

    @ParameterizedTest
    @EnumSource
    void destructorsRunInAtMostFourRounds(Kind kind) {
        int[] key = new int[1];
        key[0] = create(value -> {
            destroyed.add(value);
            ThreadKeys.set(key[0], value + 1);
        });
        kind.start(argument -> ThreadKeys.set(key[0], 1)).join();
        assertThat(destroyed).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void aValueThatADestructorSetsForAnotherKeyIsDestroyedToo() {
        int first = create(destroyed::add);
        int second = create(value -> ThreadKeys.set(first, value * 10));
        Kind.PLATFORM.start(argument -> ThreadKeys.set(second, 3)).join();
        assertThat(destroyed).containsExactly(30L);
    }

    @Test
    void aDestructorThatFailsDoesNotStopTheOthers() {
        int failing = create(value -> {
            throw new IllegalStateException("expected by this test");
        });
        int other = create(destroyed::add);
        assertThatThrownBy(() -> Pthread.call(argument -> ThreadKeys.set(failing, 1) + ThreadKeys.set(other, 2), 0))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("expected");
        assertThat(destroyed).containsExactly(2L);
    }

    @Test
    void noDestructorRunsForNullForADeletedKeyOrAtDeletion() {
        int nulled = create(destroyed::add);
        int deleted = create(destroyed::add);
        Kind.PLATFORM.start(argument -> {
            ThreadKeys.set(nulled, 1);
            ThreadKeys.set(nulled, 0);
            ThreadKeys.set(deleted, 2);
            return ThreadKeys.delete(deleted);
        }).join();
        assertThat(destroyed).isEmpty();
    }

    @Test
    void destructorsRunAfterTheCleanUpHandlers() {
        int key = create(destroyed::add);
        Kind.VIRTUAL.start(argument -> {
            CleanUp _ = Pthread.cleanupPush(value -> destroyed.add(value + ThreadKeys.get(key)), 100);
            ThreadKeys.set(key, 1);
            throw Pthread.exit(0);
        }).join();
        assertThat(destroyed).containsExactly(101L, 1L);
    }

    private int create(ThreadKeys.Destructor destructor) {
        int key = ThreadKeys.create(destructor);
        assertThat(key).isNotNegative();
        keys.add(key);
        return key;
    }
}
