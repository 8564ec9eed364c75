package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.FirstCall;
import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class NextClassesTest {
    /** Once the first call has been made, a malloc has only the classes that it needs. */
    @Test
    void areWhatAFirstMallocNeeds() throws IOException, InterruptedException {
        String loaded = ChildJvm.run(List.of("-Xlog:class+load"), CalledAhead.class).output();

        assertThat(loaded).contains(CalledAhead.SERVED)
                .contains(Stream.of(NextClasses.NAMES).map(name -> NextClasses.PREFIX + name + " ").toList());
    }

    /** Waits for the first call before the first malloc. */
    public static final class CalledAhead {
        private static final String SERVED = "-- served";

        private CalledAhead() {
        }

        public static void main(String[] arguments) throws InterruptedException {
            FirstCall.begin();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread instanceof FirstCall) {
                    thread.join();
                }
            }
            if (Malloc.malloc(64) != 0) {
                System.out.println(SERVED);
            }
        }
    }
}
