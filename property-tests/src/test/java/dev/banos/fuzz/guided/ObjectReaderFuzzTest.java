package dev.banos.fuzz.guided;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banos.loader.LinkException;
import dev.banos.loader.ObjectInfo;
import dev.banos.loader.OfflineLinker;

/** Any bytes are described and linked, or refused in one line: coverage guides what Jazzer makes of the seeds. */
class ObjectReaderFuzzTest {
    private static final long BASE = 0x1000_0000L;
    private static final String NAME = "fuzzed.o";

    @FuzzTest(maxDuration = "10m")
    void anyBytesAreReadOrRefused(byte[] bytes) {
        try {
            ObjectInfo info = ObjectInfo.read(bytes, NAME);
            assertThat(info.toText()).isNotEmpty();
            assertThat(info.toJson()).startsWith("{").endsWith("}");
            OfflineLinker.at(BASE).phonyImports().link(bytes, NAME).mapJson();
        } catch (LinkException refusal) {
            assertThat(refusal).hasMessageStartingWith(NAME + ": ").hasMessageNotContaining("\n");
        }
    }
}
