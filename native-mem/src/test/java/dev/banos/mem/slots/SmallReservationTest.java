package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** In a JVM of its own, whose small blocks have addresses of 2 MiB only. */
class SmallReservationTest {
    private static final int SPANS = 32;

    /** Has one span that is free, and takes it while the purge is about to give its memory back. */
    public static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            int[] spans = IntStream.range(0, SPANS).map(_ -> Spans.take(1)).toArray();
            System.out.println(Spans.take(1) == Spans.NONE ? "all taken" : "too many");
            Spans.giveBack(spans[7], 1);
            CompletableFuture<Integer> taken = new CompletableFuture<>();
            SystemCallFaults.during((call, _) -> {
                if (call == Call.MADVISE) {
                    Thread.ofPlatform().start(() -> taken.complete(Spans.take(1)));
                    boolean ignored = waitFor(taken);
                }
                return 0;
            }, Spans::purge);
            System.out.println("taken " + (taken.join() == spans[7]));
        }

        /** It may come to its end only when the purge does. */
        private static boolean waitFor(CompletableFuture<?> done) {
            try {
                return done.get(100, TimeUnit.MILLISECONDS) != null;
            } catch (TimeoutException notYet) {
                return false;
            } catch (InterruptedException | ExecutionException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    @Test
    void whatThePurgeHasInHandIsNotMissing() throws IOException, InterruptedException {
        List<String> flags = List.of("-Dbanos.mem.reservation=" + SPANS * SizeClasses.SPAN_BYTES,
                "-Dbanos.mem.purgeDelayMillis=100000", "-ea");
        assertThat(ChildJvm.run(flags, Child.class).output()).isEqualToIgnoringWhitespace("all taken taken true");
    }
}
