package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.mem.system.Kernel;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A close of a shared scope that the JVM itself breaks off. */
class BrokenScopeCloseTest {
    /** The JVM may not have asked all threads: so the memory stays, and its heap with it. In a JVM of its own, which then has it for good. */
    @Test
    void anErrorOfTheJvmInASharedClosesKeepsTheHeapOpen() throws IOException, InterruptedException {
        assertThat(ChildJvm.run(List.of(), Kept.class).output()).contains("heap 1 has open scopes: shared scope: close them first", "mapped true");
    }

    /** What that JVM runs. */
    public static final class Kept {
        private Kept() {
        }

        public static void main(String[] arguments) {
            Heap heap = Heap.createShared();
            HeapScope scope = HeapScope.ofShared(heap);
            MemorySegment segment = scope.allocate(100_000);
            ProcSelf.mark(segment.address());
            Native.segment(Kernel.PAGE_BYTES, 8, scope, _ -> {
                throw new StackOverflowError();
            });
            assertThatThrownBy(scope::close).isInstanceOf(StackOverflowError.class);
            try {
                heap.close();
            } catch (IllegalStateException refused) {
                System.out.println(refused.getMessage());
            }
            System.out.println("mapped " + ProcSelf.isStillMapped(segment.address()));
        }
    }
}
