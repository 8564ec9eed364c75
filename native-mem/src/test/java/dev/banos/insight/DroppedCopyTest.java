package dev.banos.insight;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;

/** A copy of Banos in a class loader of its own, as in a container that drops an application: it can be collected when it has said so. */
class DroppedCopyTest {
    private static final List<String> FLAGS = List.of("-Xmx64m", "-Dbanos.mem.purgeDelayMillis=1", "-Dbanos.mem.leaks=full",
            "-Dbanos.mem.reservation=67108864");

    /** The JVM itself may have something of the last, until it does the same with another. */
    @Test
    void whatUnregistersIsCollected() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Child.class, "unregister").output()).containsPattern("alive [01] of 4;");
    }

    @Test
    void whatDoesNotIsKept() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Child.class).output()).contains("alive 4 of 4;");
    }

    /** What the JVM of its own runs. */
    public static final class Child {
        private static final int COPIES = 4;
        private static final int MOST_LOOKS = 100;

        private Child() {
        }

        public static void main(String[] arguments) throws Exception {
            List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
            try (Recording recording = new Recording()) {
                recording.start();
                for (int i = 0; i < COPIES; i++) {
                    Thread application = new Thread(() -> loaders.add(new WeakReference<>(use(arguments.length > 0))));
                    application.start();
                    application.join();
                }
            }
            long alive = COPIES;
            for (int looks = 0; looks < MOST_LOOKS && alive > 1; looks++) {
                System.gc();
                Thread.sleep(20);
                alive = loaders.stream().filter(loader -> loader.get() != null).count();
            }
            System.out.println("alive " + alive + " of " + loaders.size() + ";");
        }

        /** As an application would that has Banos for itself. */
        private static ClassLoader use(boolean unregisters) {
            URLClassLoader copy = new URLClassLoader(Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                    .map(Child::url).toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
            try {
                Class<?> malloc = copy.loadClass("dev.banos.mem.Malloc");
                Class<?> insight = copy.loadClass("dev.banos.mem.MemoryInsight");
                insight.getMethod("register").invoke(null);
                malloc.getMethod("free", long.class).invoke(null, malloc.getMethod("malloc", long.class).invoke(null, 4_000L));
                if (unregisters) {
                    insight.getMethod("unregister").invoke(null);
                }
                return copy;
            } catch (ReflectiveOperationException wrong) {
                throw new IllegalStateException(wrong);
            }
        }

        private static URL url(String place) {
            try {
                return Path.of(place).toUri().toURL();
            } catch (MalformedURLException wrong) {
                throw new IllegalStateException(wrong);
            }
        }
    }
}
