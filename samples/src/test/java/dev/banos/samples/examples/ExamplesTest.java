package dev.banos.samples.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.banos.loader.Driver;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.Loader;
import dev.banos.mem.Heap;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The programs that use Banos as a library do what they say. */
class ExamplesTest {
    @Test
    void numbersThatGoThroughTheRingComeOutOnce() throws Throwable {
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver ring = loader.install(Path.of("drivers/x86-64/ring.o"));
            assertThat(RingFromJava.sumThroughRing(ring, 1_000)).isEqualTo(500_500);
            assertThat(BoundRing.sumThroughRing(ring, 1_000)).isEqualTo(500_500);
        }
    }

    @Test
    void pointsOfACircleAreAtDistanceOne() {
        try (Heap heap = Heap.create()) {
            assertThat(Points.meanDistanceOfCircle(heap, 1_000)).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void whatWasPushedLastIsPoppedFirst() {
        try (AddressStack stack = new AddressStack()) {
            stack.push(1);
            stack.push(2);
            assertThat(stack.pop()).isEqualTo(2);
            assertThat(stack.pop()).isEqualTo(1);
            assertThatThrownBy(stack::pop).isInstanceOf(IllegalStateException.class);
        }
    }
}
