package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A close finds damage when Java's heap has just so much room left, from none at all to enough for the exception: where it has no
 * room to say so, it says that, and the next close says the other.
 */
class RepeatedCloseTest {
    private static final List<String> FLAGS = List.of("-Xmx8m", "-XX:+UseSerialGC", "-XX:-UseTLAB", "-ea",
            "-Dbanos.mem.purgeDelayMillis=100000");

    @Test
    void whatTheFirstCouldNotReportTheSecondDoes() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Child.class).output()).containsPattern("at once [1-9]").containsPattern("later [1-9]")
                .contains("twice 0");
    }

    /** What the JVM with the small heap runs. */
    public static final class Child {
        private static final int MOST_CRUMBS = 200;
        private static Object[] ballast;
        private static Object[] crumbs;

        private Child() {
        }

        public static void main(String[] arguments) {
            boolean ready = reports(damaged()); // all classes are there
            assert ready;
            int atOnce = 0;
            int later = 0;
            int twice = 0;
            for (int room = 0; room < MOST_CRUMBS; room += 2) {
                Heap heap = damaged();
                fill();
                for (int i = 0; i < room; i++) {
                    crumbs = (Object[]) crumbs[0];
                }
                boolean first = reports(heap);
                ballast = null;
                boolean second = reports(heap);
                atOnce += first ? 1 : 0;
                later += !first && second ? 1 : 0;
                twice += first && second || reports(heap) ? 1 : 0;
            }
            System.out.println("at once " + atOnce + ", later " + later + ", twice " + twice);
        }

        private static Heap damaged() {
            Heap heap = Heap.create(HeapOptions.confined().hardened(Hardening.NONE.withCanary()));
            long block = heap.malloc(100);
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, block + 100, (byte) 1);
            return heap;
        }

        private static boolean reports(Heap heap) {
            try {
                heap.close();
                return false;
            } catch (CorruptBlockException found) {
                return true;
            } catch (OutOfMemoryError javaHeapIsFull) {
                return false;
            }
        }

        private static void fill() {
            crumbs = null;
            for (int i = 0; i < MOST_CRUMBS; i++) {
                crumbs = new Object[] {crumbs};
            }
            for (int bytes = 1 << 18; bytes > 0; bytes /= 16) {
                fill(bytes);
            }
            fill(0);
        }

        private static void fill(int bytes) {
            try {
                while (true) {
                    Object[] node = new Object[bytes == 0 ? 1 : 2];
                    node[0] = ballast;
                    if (bytes > 0) {
                        node[1] = new byte[bytes];
                    }
                    ballast = node;
                }
            } catch (OutOfMemoryError full) {
                return;
            }
        }
    }
}
