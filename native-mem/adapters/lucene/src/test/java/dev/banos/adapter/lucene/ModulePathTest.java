package dev.banos.adapter.lucene;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ModularApplication;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModulePathTest {
    @Test
    void anApplicationOfModulesRuns(@TempDir Path classes) throws Exception {
        assertThat(ModularApplication.run(classes, List.of("lucene-core"), List.of("--enable-native-access=dev.banos.bindings")))
                .isEqualTo("dev.banos.adapter.lucene: banos, blocks: true, then 0");
    }
}
