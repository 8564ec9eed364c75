package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the public edge says of a damaged driver is a description or a {@link LinkException}, whatever the bytes are. */
class DamagedDriverTest {
    @TempDir
    Path folder;

    @Test
    void isDescribedOrRefused() throws IOException {
        describeMany(4_000, 20_26);
    }

    @Test
    @Tag("campaign")
    void isDescribedOrRefusedByTheHundredThousand() throws IOException {
        describeMany(200_000, new Random().nextLong());
    }

    /** Its tables of exports are all that there is to damage, so that many of them are. */
    @Test
    void oneThatExportsThreadLocalVariablesIsDescribedOrRefused() throws IOException {
        Path file = CCompiler.text(folder, "local", """
                #include <banos/driver.h>
                #include <banos/export.h>
                _Thread_local int count = 5;
                static _Thread_local long other[4];
                BANOS_EXPORT_THREAD_LOCAL(count);
                BANOS_EXPORT_THREAD_LOCAL_SYMBOL(x, "first", "other", other);
                BANOS_EXPORT_THREAD_LOCAL_SYMBOL(y, "third", "other", other[2]);
                """, "-O1", "-fno-asynchronous-unwind-tables");
        assertThat(ObjectInfo.read(file).exports()).hasSize(3);
        describeMany(Files.readAllBytes(file), 4_000, 20_26);
    }

    private void describeMany(int rounds, long seed) throws IOException {
        describeMany(Files.readAllBytes(CCompiler.object(folder, "calculator.c", "gcc", "-O1")), rounds, seed);
    }

    private static void describeMany(byte[] driver, int rounds, long seed) {
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < rounds; round++) {
            try {
                ObjectInfo info = ObjectInfo.read(Damage.to(driver.clone(), random), "damaged.o");
                assertThat(info.toText()).isNotEmpty();
                assertThat(info.toJson()).startsWith("{").endsWith("}");
            } catch (LinkException refusal) {
                assertThat(refusal).hasMessageStartingWith("damaged.o: ");
                refused++;
            } catch (Throwable thrown) {
                fail("round " + round + " of seed " + seed, thrown);
            }
        }
        assertThat(refused).isGreaterThan(rounds / 10);
    }
}
