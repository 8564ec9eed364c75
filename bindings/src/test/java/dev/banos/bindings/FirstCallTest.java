package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstCallTest {
    /** What a program needs then it loads itself, and what it does not need it is to be spared. */
    @Test
    void loadsNothingOnceTheCallHasBeenMade() throws InterruptedException {
        FirstCall.begin();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread instanceof FirstCall) {
                thread.join();
            }
        }
        Asked asked = new Asked();

        FirstCall.loadMeanwhile(asked, "java.", "lang.Object");

        assertThat(asked.names).isEmpty();
    }

    private static final class Asked extends ClassLoader {
        private final List<String> names = new ArrayList<>();

        @Override
        public Class<?> loadClass(String name) throws ClassNotFoundException {
            names.add(name);
            return super.loadClass(name);
        }
    }
}
