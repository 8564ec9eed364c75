package dev.banos.libc.zip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
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

    private final FailingMeetings meetings = new FailingMeetings();
    private final Turns turns = new Turns(meetings);

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

    private static boolean favoursMe(Turns turns) {
        return turns.favours(Thread.currentThread().threadId());
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
        assertThat(favoursMe(turns)).isTrue();
        turns.leave();
        assertThat(turns.enter()).isTrue();
        assertThat(favoursMe(turns)).isTrue();
        turns.leave();
        assertThat(otherEnters()).isTrue();
        otherLeaves();
        assertThat(turns.enter()).isTrue();
        assertThat(favoursMe(turns)).isFalse();
    }

    /** Each costs a meeting of all threads, which a program whose objects wander must not pay for every one of them. */
    @Test
    void objectsThatOftenChangeHandsFavourNobody() throws Exception {
        Turns.Meetings few = new Turns.Meetings(3);
        Turns madeBefore = new Turns(few);
        for (int i = 0; i < 3; i++) {
            Turns wanders = new Turns(few);
            assertThat(wanders.enter()).isTrue();
            assertThat(favoursMe(wanders)).isTrue();
            wanders.leave();
            assertThat(OTHERS.submit(wanders::enter).get(1, TimeUnit.MINUTES)).isTrue();
        }
        assertThat(madeBefore.enter()).isTrue();
        assertThat(favoursMe(madeBefore)).isFalse();
        Turns next = new Turns(few);
        assertThat(next.enter()).isTrue();
        assertThat(favoursMe(next)).isFalse();
    }

    @Test
    void aMeetingThatFailsLocksNobodyOut() throws Exception {
        assertThat(turns.enter()).isTrue();
        turns.leave();
        meetings.fail = true;
        assertThatThrownBy(this::otherEnters).hasCauseInstanceOf(OutOfMemoryError.class);
        assertThatThrownBy(this::otherEnters).hasCauseInstanceOf(OutOfMemoryError.class);
        meetings.fail = false;
        assertThat(turns.enter()).isTrue();
        turns.leave();
        assertThat(otherEnters()).isTrue();
        assertThat(turns.enter()).isFalse();
    }

    @Test
    void aMeetingThatFailedIsHeldLater() throws Exception {
        assertThat(turns.enter()).isTrue();
        meetings.fail = true;
        assertThatThrownBy(this::otherEnters).hasCauseInstanceOf(OutOfMemoryError.class);
        meetings.fail = false;
        assertThat(otherEnters()).as("during the favoured thread's turn").isFalse();
        assertThat(meetings.held).isEqualTo(1);
        assertThat(otherEnters()).isFalse();
        assertThat(meetings.held).isEqualTo(1);
    }

    /** One in a pool would keep the classes of its thread's class loader, those of a whole application. */
    @Test
    void aThreadThatHasEndedIsNotKept() throws Exception {
        WeakReference<Thread> ended = enterInAThreadThatEnds();
        for (int i = 0; ended.get() != null; i++) {
            assertThat(i).as("collections").isLessThan(100);
            System.gc();
            Thread.sleep(10);
        }
        assertThat(turns.enter()).isTrue();
    }

    private WeakReference<Thread> enterInAThreadThatEnds() throws InterruptedException {
        Thread thread = new Thread(() -> {
            turns.enter();
            turns.leave();
        });
        thread.start();
        thread.join();
        assertThat(turns.favours(thread.threadId())).isTrue();
        return new WeakReference<>(thread);
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

    private static final class FailingMeetings extends Turns.Meetings {
        volatile boolean fail;
        volatile int held;

        FailingMeetings() {
            super(Integer.MAX_VALUE);
        }

        @Override
        void meetEveryThread() {
            if (fail) {
                throw new OutOfMemoryError("Java heap space");
            }
            super.meetEveryThread();
            held++;
        }
    }

    private static final class Race {
        final Turns turns = new Turns(new Turns.Meetings(1));
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
