package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of two threads that come to one {@link Turns}, one is let in. */
class TurnsTest {
    private static final int RACES = 5_000;
    private static final ExecutorService OTHERS = Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().factory());

    private final Turns turns = new Turns(true);

    @AfterAll
    static void end() {
        OTHERS.shutdownNow();
    }

    private boolean otherEnters() throws Exception {
        return OTHERS.submit(turns::enter).get(1, TimeUnit.MINUTES);
    }

    private void otherLeaves() throws Exception {
        OTHERS.submit(turns::leave).get(1, TimeUnit.MINUTES);
    }

    @Test
    void whoComesDuringTheFavouredThreadsTurnIsRefused() throws Exception {
        assertThat(turns.enter()).isTrue();
        assertThat(otherEnters()).isFalse();
        assertThat(otherEnters()).as("when nobody is favoured any more").isFalse();
        turns.leave();
        assertThat(otherEnters()).isTrue();
    }

    @Test
    void theThreadThatWasFavouredIsRefusedDuringAnothersTurn() throws Exception {
        assertThat(turns.enter()).isTrue();
        turns.leave();
        assertThat(otherEnters()).isTrue();
        assertThat(turns.enter()).isFalse();
        assertThat(turns.enter()).isFalse();
        otherLeaves();
        assertThat(turns.enter()).isTrue();
        turns.leave();
        assertThat(otherEnters()).isTrue();
    }

    @Test
    void whereNobodyIsToBeFavouredAllTakeTurns() throws Exception {
        assertThat(turns.enter()).isTrue();
        turns.favourNobody();
        assertThat(otherEnters()).isFalse();
        turns.leave();
        assertThat(turns.enter()).isTrue();
        assertThat(otherEnters()).isFalse();
        turns.leave();
        assertThat(otherEnters()).isTrue();
        assertThat(turns.enter()).isFalse();
    }

    @Test
    void theFirstIsFavouredUntilAnotherComes() throws Exception {
        assertThat(turns.enter()).isTrue();
        assertThat(turns.favours(Thread.currentThread())).isTrue();
        turns.leave();
        assertThat(turns.enter()).isTrue();
        assertThat(turns.favours(Thread.currentThread())).isTrue();
        turns.leave();
        assertThat(otherEnters()).isTrue();
        otherLeaves();
        assertThat(turns.enter()).isTrue();
        assertThat(turns.favours(Thread.currentThread())).isFalse();
    }

    /** Each costs a meeting of all threads, which a program whose objects wander must not pay for every one of them. */
    @Test
    void objectsThatOftenChangeHandsFavourNobody() throws Exception {
        for (int i = 0; i < Turns.MOST_MEETINGS; i++) {
            Turns wanders = new Turns();
            assertThat(wanders.enter()).isTrue();
            wanders.leave();
            assertThat(OTHERS.submit(wanders::enter).get(1, TimeUnit.MINUTES)).isTrue();
        }
        Turns next = new Turns();
        assertThat(next.enter()).isTrue();
        assertThat(next.favours(Thread.currentThread())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void neverAreTwoInside(boolean virtual) throws Exception {
        try (ExecutorService racers = virtual ? Executors.newVirtualThreadPerTaskExecutor() : Executors.newCachedThreadPool()) {
            Race[] races = new Race[RACES];
            for (int i = 0; i < RACES; i++) {
                races[i] = new Race();
            }
            Future<?> favoured = racers.submit(() -> enterOften(races));
            Future<?> other = racers.submit(() -> enterOnce(races));
            favoured.get(2, TimeUnit.MINUTES);
            other.get(2, TimeUnit.MINUTES);
            for (Race race : races) {
                assertThat(race.met).as("met another inside").isFalse();
                assertThat(race.turns.enter()).as("is free at the end").isTrue();
            }
        }
    }

    private static void enterOften(Race[] races) {
        for (Race race : races) {
            race.turn();
            race.hasBegun = true;
            for (int i = 0; !race.isOver; i++) {
                race.turn();
                yieldAtTimes(i);
            }
        }
    }

    private static void enterOnce(Race[] races) {
        for (int i = 0; i < races.length; i++) {
            for (int pauses = 0; !races[i].hasBegun; pauses++) {
                yieldAtTimes(pauses);
            }
            for (int pause = i % 100; pause > 0; pause--) {
                Thread.onSpinWait();
            }
            for (int refused = 0; !races[i].turn(); refused++) {
                yieldAtTimes(refused);
            }
            races[i].isOver = true;
        }
    }

    /** The two shall run at the same time, but each has to get on where there is one processor. */
    private static void yieldAtTimes(int count) {
        if ((count & 0xFFF) == 0xFFF) {
            Thread.yield();
        }
    }

    private static final class Race {
        final Turns turns = new Turns(true);
        final AtomicInteger inside = new AtomicInteger();
        volatile boolean met;
        volatile boolean hasBegun;
        volatile boolean isOver;

        boolean turn() {
            if (!turns.enter()) {
                return false;
            }
            if (inside.incrementAndGet() != 1) {
                met = true;
            }
            inside.decrementAndGet();
            turns.leave();
            return true;
        }
    }
}
