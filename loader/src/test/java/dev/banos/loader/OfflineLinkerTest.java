package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two files that a link for another place leaves. */
class OfflineLinkerTest {
    @TempDir
    Path folder;

    private OfflineLinker.Linked link() {
        return OfflineLinker.at(1L << 32).link(CCompiler.text(folder, "a", "int a = 5; int f(void) { return a; }", "-O2"));
    }

    @Test
    void bothAreWritten() throws Exception {
        OfflineLinker.Linked linked = link();
        linked.write(folder, "a");
        linked.write(folder, "a");
        assertThat(Files.size(folder.resolve("a.image"))).isEqualTo(linked.size());
        assertThat(Files.readString(folder.resolve("a.map.json"))).isEqualTo(linked.mapJson() + "\n");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("a.c", "a.o", "a.image", "a.map.json");
    }

    /** A disk that is full in the middle of the one or the other. */
    @Test
    void whatWasThereStaysWhereOneCannotBeWritten() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")), "skipped: there is no /dev/full");
        OfflineLinker.Linked linked = link();
        for (String part : new String[] {"a.image.part", "a.map.json.part"}) {
            Files.writeString(folder.resolve("a.image"), "earlier");
            Files.writeString(folder.resolve("a.map.json"), "{}");
            Path full = Files.createSymbolicLink(folder.resolve(part), Path.of("/dev/full"));
            assertThatThrownBy(() -> linked.write(folder, "a")).isInstanceOf(LinkException.class)
                    .hasMessageContaining("a.image: cannot be written: ");
            Files.delete(full);
            assertThat(Files.readString(folder.resolve("a.image"))).isEqualTo("earlier");
            assertThat(Files.readString(folder.resolve("a.map.json"))).isEqualTo("{}");
            assertThat(folder.toFile().list()).containsExactlyInAnyOrder("a.c", "a.o", "a.image", "a.map.json");
        }
    }

    /** Before the exchange, an image that cannot be replaced leaves the map that belongs to it. */
    @Test
    void theMapStaysWithAnImageThatCannotBeReplaced() throws Exception {
        Files.createDirectories(folder.resolve("a.image").resolve("inside"));
        Files.writeString(folder.resolve("a.map.json"), "{}");
        OfflineLinker.Linked linked = link();
        assertThatThrownBy(() -> linked.write(folder, "a")).isInstanceOf(LinkException.class);
        assertThat(Files.readString(folder.resolve("a.map.json"))).isEqualTo("{}");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("a.c", "a.o", "a.image", "a.map.json");
    }
}
