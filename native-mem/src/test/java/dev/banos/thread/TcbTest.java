package dev.banos.thread;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcbTest {
    @Test
    void theLayoutIsThePicture() {
        assertThat(Tcb.LAYOUT.byteSize()).isEqualTo(24);
        assertThat(offset("captured")).isZero();
        assertThat(offset("cancel_state")).isEqualTo(4);
        assertThat(offset("cancel_type")).isEqualTo(8);
        assertThat(offset("cancelled")).isEqualTo(12);
        assertThat(offset("specific")).isEqualTo(16);
    }

    @Test
    void aFailingDowncallLeavesItsErrnoInTheBlock() {
        Tcb tcb = Tcb.current();
        int result = SystemCalls.munmap(tcb.segment(), 1, 4096);
        assertThat(result).isNegative();
        assertThat(tcb.errno()).isEqualTo(-result);
    }

    @Test
    void everyKindOfThreadHasItsOwnBlock() throws InterruptedException {
        ConcurrentLinkedQueue<Tcb> blocks = new ConcurrentLinkedQueue<>();
        CountDownLatch all = new CountDownLatch(30);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            int errno = i;
            Runnable body = () -> {
                Tcb tcb = Tcb.current();
                tcb.errno(errno);
                all.countDown();
                await(all);
                if (Tcb.current() == tcb && tcb.errno() == errno && Tcb.of(Thread.currentThread()) == tcb) {
                    blocks.add(tcb);
                }
            };
            threads.add(switch (i % 3) {
                case 0 -> new BanosThread(body);
                case 1 -> new Thread(body);
                default -> Thread.ofVirtual().unstarted(body);
            });
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(blocks).hasSize(30).doesNotHaveDuplicates();
    }

    /** Both are looked for first in the same place, which only one of them can have. */
    @Test
    void threadsThatShareAPlaceEachFindTheirOwnBlock() throws InterruptedException {
        CountDownLatch both = new CountDownLatch(2);
        ConcurrentLinkedQueue<Thread> right = new ConcurrentLinkedQueue<>();
        Thread first = new Thread(() -> findOwnBlock(both, right));
        Thread second = first;
        while (second == first || (second.threadId() - first.threadId()) % TcbTable.LATEST_LENGTH != 0) {
            second = new Thread(() -> {
                findOwnBlock(both, right);
                join(first);
                findOwnBlock(both, right); // the other's entry is gone
            });
        }
        first.start();
        second.start();
        second.join();
        assertThat(right).containsExactlyInAnyOrder(first, second, second);
    }

    private static void findOwnBlock(CountDownLatch both, ConcurrentLinkedQueue<Thread> right) {
        Tcb tcb = Tcb.current();
        both.countDown();
        await(both);
        if (Tcb.current() == tcb && tcb.threadId == Thread.currentThread().threadId()) {
            right.add(Thread.currentThread());
        }
    }

    @Test
    void aBlockBeginsAsZeros() throws InterruptedException {
        for (int i = 0; i < 100; i++) {
            AtomicReference<String> fault = new AtomicReference<>();
            Thread thread = new BanosThread(() -> {
                Tcb tcb = Tcb.current();
                long values = tcb.specific();
                if (tcb.errno() != 0 || tcb.cancelState() != 0 || tcb.cancelledAcquire() != 0
                        || Native.EVERYTHING.get(ValueLayout.JAVA_LONG, values + 8) != 0) {
                    fault.set("not zero");
                }
                tcb.errno(1);
                tcb.cancelState(2);
                tcb.cancelType(3);
                tcb.cancelledRelease(4);
                Native.EVERYTHING.set(ValueLayout.JAVA_LONG, values + 8, 6);
            });
            thread.start();
            thread.join();
            assertThat(fault).hasValue(null);
        }
    }

    @Test
    void aBanosThreadGivesItsBlockBackAtItsEnd() throws InterruptedException {
        Tcb.current();
        int before = Tcb.count();
        for (int i = 0; i < 500; i++) {
            Thread thread = new BanosThread(() -> Tcb.current().specific());
            thread.start();
            thread.join();
        }
        assertThat(Tcb.count()).isLessThanOrEqualTo(before);
    }

    @Test
    void aBanosThreadsBodyRunsOnlyInThatThread() {
        assertThatThrownBy(() -> new BanosThread(() -> { }).run()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aBanosThreadsBodyDoesNotRunWithinItself() throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicReference<Throwable> end = new AtomicReference<>();
        Thread thread = new BanosThread(() -> {
            Tcb own = Tcb.current();
            try {
                if (thrown.compareAndSet(null, new AssertionError("it ran"))) {
                    Thread.currentThread().run();
                }
            } catch (IllegalStateException refused) {
                thrown.set(refused);
            }
            assertThat(Tcb.current()).isSameAs(own);
        });
        thread.setUncaughtExceptionHandler((ended, failure) -> end.set(failure));
        thread.start();
        thread.join();
        assertThat(thrown.get()).isInstanceOf(IllegalStateException.class);
        assertThat(end.get()).isNull();
    }

    @Test
    void aHundredThousandVirtualThreadsNeedTheBlocksOfThoseAlive() throws InterruptedException {
        for (int round = 0; round < 100; round++) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                threads.add(Thread.startVirtualThread(() -> Tcb.current().errno(1)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(Tcb.count()).isLessThan(5000);
    }

    @Test
    void onlyAThreadThatLivesHasABlock() throws InterruptedException {
        Thread thread = new Thread(() -> { });
        assertThat(Tcb.of(thread)).isNull();
        thread.start();
        thread.join();
        assertThat(Tcb.of(thread)).isNull();
    }

    private static long offset(String field) {
        return Tcb.LAYOUT.byteOffset(PathElement.groupElement(field));
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
