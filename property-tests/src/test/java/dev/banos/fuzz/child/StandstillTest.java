package dev.banos.fuzz.child;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StandstillTest {
    private static final long SOON = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK = Standstill.LONGEST_LOOK_NANOS / 4;

    @Test
    void itLastsFromTheLastMoveOn() {
        Standstill standstill = new Standstill(1, 0);
        assertThat(standstill.look(1, LOOK)).isEqualTo(LOOK);
        assertThat(standstill.look(1, 2 * LOOK)).isEqualTo(2 * LOOK);
        assertThat(standstill.look(2, 3 * LOOK)).isZero();
        assertThat(standstill.look(2, 4 * LOOK)).isEqualTo(LOOK);
    }

    /** By ctrl-Z, with the child: on the first look thereafter it has had no time to move. */
    @Test
    void theTimeInWhichThisProcessWasStoppedDoesNotCount() {
        Standstill standstill = new Standstill(1, 0);
        long hour = TimeUnit.HOURS.toNanos(1);
        assertThat(standstill.look(1, hour)).isLessThan(SOON);
        assertThat(standstill.look(1, hour + LOOK)).isLessThan(SOON);
    }
}
