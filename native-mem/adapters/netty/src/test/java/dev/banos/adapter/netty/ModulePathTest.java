package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ModularApplication;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModulePathTest {
    @Test
    void anApplicationOfModulesRuns(@TempDir Path classes) throws Exception {
        assertThat(ModularApplication.run(classes, List.of("netty"), List.of("--enable-native-access=dev.banos.bindings")))
                .isEqualTo("dev.banos.adapter.netty: 42, 1 block, then 0");
    }
}
