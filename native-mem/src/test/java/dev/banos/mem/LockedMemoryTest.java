package dev.banos.mem;

import static dev.banos.bindings.generated.Linux.EINVAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.mem.fault.SystemCallFaults;
import dev.banos.mem.fault.SystemCallFaults.Call;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A process that has locked its memory, for which the kernel refuses the usual advice: in a JVM of its own. */
class LockedMemoryTest {
    private static final List<String> FLAGS = List.of("-Xmx32m", "-XX:ReservedCodeCacheSize=16m", "-Dbanos.mem.reservation=67108864",
            "-Dbanos.mem.purgeDelayMillis=10");

    @Test
    void whatIsFreeGoesBackAllTheSame() throws IOException, InterruptedException {
        String output = ChildJvm.run(FLAGS, Locking.class).output();
        assumeFalse(output.contains("cannot lock"), "this process may not lock its memory");
        assertThat(output).contains("kept 0, in quarantine true, with memory false;");
    }

    /** As before Linux 5.18. */
    @Test
    void whatTheKernelDoesNotTakeBackIsNeitherHeldBackNorAskedForAgainAndAgain() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(FLAGS, Refused.class).output())
                .contains("in quarantine false, mapped false, purger false, kept true, after a trim false;");
    }

    private static long quarantined(Heap heap) {
        long block = ProcSelf.mark(heap.malloc(1 << 20));
        Native.EVERYTHING.set(ValueLayout.JAVA_LONG, block, 1);
        heap.free(block);
        return block;
    }

    private static void burst() {
        long[] blocks = new long[1_000];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = Malloc.malloc(4_000);
        }
        for (long block : blocks) {
            Malloc.free(block);
        }
    }

    /** What the JVM of its own runs. */
    public static final class Locking {
        private static final int MCL_CURRENT_AND_FUTURE = 3;

        private Locking() {
        }

        public static void main(String[] arguments) {
            MemorySegment mlockall = Linker.nativeLinker().defaultLookup().findOrThrow("mlockall");
            if ((int) SystemCalls.call(mlockall, MCL_CURRENT_AND_FUTURE, 0, 0) != 0) {
                System.out.println("cannot lock");
                return;
            }
            burst();
            Malloc.trim();
            try (Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(1 << 20)))) {
                long block = quarantined(heap);
                System.out.println("kept " + MemoryInsight.footprint().keptBytes() + ", in quarantine "
                        + MemoryInsight.explain(block).contains("in quarantine") + ", with memory " + ProcSelf.hasOwnMemory(block) + ";");
            }
        }
    }

    /** What the JVM of its own runs for an older kernel. */
    public static final class Refused {
        private static final int MOST_LOOKS = 1_000;

        private Refused() {
        }

        public static void main(String[] arguments) {
            SystemCallFaults.during((call, _) -> call == Call.MADVISE ? EINVAL() : 0, Refused::run);
            Malloc.trim();
            System.out.println("after a trim " + isAnyKept() + ";");
        }

        private static void run() {
            try (Heap heap = Heap.create(HeapOptions.shared().hardened(Hardening.NONE.withQuarantine(1 << 20)))) {
                long block = quarantined(heap);
                boolean mapped = ProcSelf.isStillMapped(block);
                System.out.print("in quarantine " + MemoryInsight.explain(block).contains("in quarantine") + ", mapped " + mapped);
            }
            burst();
            Malloc.trim();
            System.out.print(", purger " + isPurgerAtWorkForGood() + ", kept " + isAnyKept() + ", ");
        }

        private static boolean isAnyKept() {
            return MemoryInsight.footprint().keptBytes() > 0;
        }

        private static boolean isPurgerAtWorkForGood() {
            for (int i = 0; i < MOST_LOOKS; i++) {
                if (Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> thread.getName().equals("banos-purger"))) {
                    return false;
                }
                pause();
            }
            return true;
        }

        private static void pause() {
            try {
                Thread.sleep(10);
            } catch (InterruptedException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
