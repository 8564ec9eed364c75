package dev.banos.samples.snippets;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.fuzz.Campaign;
import dev.banos.fuzz.Finding;
import dev.banos.loader.Driver;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.Loader;
import dev.banos.loader.ObjectLinker;
import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import dev.banos.mem.HeapScope;
import dev.banos.mem.InvalidBlockException;
import dev.banos.mem.Malloc;
import dev.banos.mem.ScopeGroup;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the Javadoc shows, by the names of the regions: it compiles, it runs, and it does what it says. */
class SnippetsTest {
    @Test
    void malloc() {
        // @start region="malloc"
        long block = Malloc.malloc(1_000);
        if (block == 0) {
            throw new OutOfMemoryError("errno " + Tcb.current().errno());
        }
        long larger = Malloc.realloc(block, 2_000);
        Malloc.free(larger);
        // @end
        assertThatThrownBy(() -> Malloc.free(larger)).isInstanceOf(InvalidBlockException.class);
    }

    @Test
    void heap() {
        // @start region="heap"
        try (Heap images = Heap.create(HeapOptions.shared().named("images").limit(64 << 20))) {
            MemorySegment thumbnail = images.allocate(30_000); // exact bounds, which the JVM checks
            thumbnail.fill((byte) 1);
            images.free(thumbnail);
            System.out.println(images.statistics());
        } // destroyed with everything in it
        // @end
        assertThat(Heap.current()).isNotNull();
    }

    @Test
    void scope() {
        // @start region="scope"
        try (Arena scope = HeapScope.ofConfined()) {
            MemorySegment numbers = scope.allocate(JAVA_LONG, 1_000); // zeros
            numbers.setAtIndex(JAVA_LONG, 999, 42);
        } // no segment of the scope can be reached any more
        // @end
        Arena closed = HeapScope.ofConfined();
        MemorySegment segment = closed.allocate(JAVA_LONG);
        closed.close();
        assertThatThrownBy(() -> segment.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void group() {
        // @start region="group"
        try (ScopeGroup requests = ScopeGroup.create()) {
            try (Arena scope = requests.open()) {
                scope.allocate(JAVA_LONG, 16);
            } // cheap: the JVM is asked once for many scopes
            requests.retire(); // now no segment of a closed scope can be reached
        }
        // @end
        assertThat(ScopeGroup.create()).satisfies(ScopeGroup::close);
    }

    @Test
    void loader() throws Throwable {
        Path file = driver("hello.o");
        // @start region="loader"
        try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
            Driver hello = loader.install(file);
            MethodHandle count = hello.handle("hello_count", FunctionDescriptor.of(JAVA_INT));
            int greetings = (int) count.invokeExact();
            assertThat(greetings).isZero(); // @replace regex='assertThat.*' replacement='System.out.println(greetings);'
        } // uninstalls, the youngest first
        // @end
    }

    @Test
    void objects() throws Throwable {
        Path file = Path.of("/usr/lib/x86_64-linux-gnu/libz.a");
        assumeTrue(Files.exists(file), "skipped: zlib1g-dev is not installed");
        // @start region="objects"
        try (LinkedLibrary zlib = ObjectLinker.create(InstallPolicy.anyUser()).add(file).require("crc32").link()) {
            MethodHandle crc32 = zlib.handle("crc32", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT));
            long checksum = (long) crc32.invokeExact(0L, MemorySegment.NULL, 0);
            assertThat(checksum).isZero(); // @replace regex='assertThat.*' replacement='System.out.println(checksum);'
        }
        // @end
    }

    @Test
    void campaign() {
        // @start region="campaign"
        Campaign campaign = Campaign.of("glibc").withTime(Duration.ofSeconds(2));
        for (Finding finding : campaign.run()) { // the shortest program that breaks a law
            System.out.println(finding);
        }
        System.out.println(campaign.statistics().text());
        // @end
        assertThat(campaign.statistics().text()).contains("operations");
    }

    private static Path driver(String name) {
        Path here = Path.of("drivers/x86-64").resolve(name);
        return here.toFile().exists() ? here : Path.of("samples").resolve(here);
    }
}
