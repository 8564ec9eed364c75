package dev.banos.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class OtherThreadTest {
    @Test
    void itsFailureIsThatOfItsTest() {
        assertThatThrownBy(() -> OtherThread.run(() -> assertThat(1).isEqualTo(2))).isInstanceOf(AssertionError.class)
                .hasMessageContaining("in another thread").rootCause().isInstanceOf(AssertionError.class);
    }

    @Test
    void oneThatHangsFailsItsTestAndSaysWhere() {
        CountDownLatch never = new CountDownLatch(1);
        OtherThread hangs = OtherThread.start(() -> waitFor(never));
        assertThatThrownBy(() -> hangs.join(Duration.ofMillis(500))).isInstanceOf(AssertionError.class)
                .hasMessageContaining("did not end").hasStackTraceContaining("OtherThreadTest.waitFor");
        never.countDown();
        hangs.join();
    }

    private static void waitFor(CountDownLatch latch) throws InterruptedException {
        latch.await();
    }

    @Test
    void anInterruptIsKept() {
        CountDownLatch never = new CountDownLatch(1);
        OtherThread waits = OtherThread.start(never::await);
        Thread.currentThread().interrupt();
        assertThatThrownBy(waits::join).isInstanceOf(AssertionError.class).hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        never.countDown();
        waits.join();
    }

    @Test
    void itIsAThreadOfTheKindAskedFor() {
        AtomicReference<Thread> ran = new AtomicReference<>();
        OtherThread.start(Thread.ofVirtual(), () -> ran.set(Thread.currentThread())).join();
        assertThat(ran.get().isVirtual()).isTrue();
        OtherThread.run(() -> ran.set(Thread.currentThread()));
        assertThat(ran.get().isVirtual()).isFalse();
        assertThat(ran.get().isDaemon()).as("is no reason to go on").isTrue();
    }
}
