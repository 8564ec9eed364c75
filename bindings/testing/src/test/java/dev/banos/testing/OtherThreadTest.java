package dev.banos.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class OtherThreadTest {
    @Test
    void itsFailureIsThatOfItsTest() {
        assertThatThrownBy(() -> OtherThread.run(() -> assertThat(1).isEqualTo(2))).isInstanceOf(AssertionError.class)
                .hasMessageContaining("in another thread").rootCause().isInstanceOf(AssertionError.class);
    }

    @Test
    void itIsAThreadOfTheKindAskedFor() {
        AtomicReference<Thread> ran = new AtomicReference<>();
        OtherThread.start(Thread.ofVirtual(), () -> ran.set(Thread.currentThread())).join();
        assertThat(ran.get().isVirtual()).isTrue();
        OtherThread.run(() -> ran.set(Thread.currentThread()));
        assertThat(ran.get().isVirtual()).isFalse();
    }
}
