package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What costs a JVM that has just started ten milliseconds or more, and the first blocks do without. */
class FirstMallocTest {
    static final class Child {
        private Child() {
        }

        public static void main(String[] args) {
            long small = Malloc.malloc(100);
            long large = Malloc.malloc(1 << 20);
            large = Malloc.realloc(large, 1 << 22); // mremap
            Malloc.free(large);
            Malloc.free(small);
            System.out.println("done " + (small != 0 && large != 0));
        }
    }

    @Test
    void touchesNotTheGeneratedClassAndMakesOneShapeOfDowncalls() throws IOException, InterruptedException {
        String said = ChildJvm.run(List.of("-Xlog:class+load:stdout:none"), Child.class).output();

        assertThat(said).contains("done true", "dev.banos.bindings.SystemCalls ")
                .doesNotContain("dev.banos.bindings.generated.Linux ");
        assertThat(said.lines()).filteredOn(line -> line.startsWith("jdk.internal.foreign.abi.DowncallStub")).hasSize(1);
    }
}
