package dev.banos.mem.slots;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Malloc;
import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a program is told that sets a property of the allocator wrongly; each in a JVM of its own. */
class SettingsTest {
    /** Run by the child: what a program does first. */
    public static final class Main {
        private Main() {
        }

        public static void main(String[] arguments) {
            Malloc.free(Malloc.malloc(1));
            Malloc.free(Malloc.malloc(1 << 20));
            System.out.println("works, " + Domain.MALLOC.mappings.hugePages());
        }
    }

    @ParameterizedTest
    @CsvSource({"reservation, much, a whole number from 1 to", "mappingCacheBytes, 64M, a whole number from 0 on",
        "purgeDelayMillis, -1, a whole number from 0 to", "hugePages, all, 'the words are never, growth, always'",
        "leaks.intervalBytes, 0, a whole number from 1 to", "hardening, canaries, 'the words are zero'"})
    void aValueThatCannotBeRightIsNamedWithWhatIsAccepted(String property, String value, String accepted)
            throws IOException, InterruptedException {
        String output = run("-Dbanos.mem." + property + "=" + value);
        assertThat(output).contains("dev.banos.bindings.SettingError: -Dbanos.mem." + property + "=" + value, accepted)
                .doesNotContain("works");
    }

    @Test
    void aHardenedMallocWithACacheIsRefused() throws IOException, InterruptedException {
        assertThat(run("-Dbanos.mem.mappingCacheBytes=65536", "-Dbanos.mem.hardening=guard"))
                .contains("-Dbanos.mem.mappingCacheBytes=65536 and -Dbanos.mem.hardening=guard: a hardened malloc keeps no mappings");
    }

    @Test
    void valuesThatAreRightAreUsed() throws IOException, InterruptedException {
        assertThat(run("-Dbanos.mem.hugePages=Never", "-Dbanos.mem.purgeDelayMillis=5", "-Dbanos.mem.reservation=0x4000000"))
                .isEqualTo("works, NEVER\n");
    }

    private static String run(String... properties) throws IOException, InterruptedException {
        return ChildJvm.run(List.of(properties), Main.class).output();
    }
}
