package dev.banos.adapter.lwjgl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ModularApplication;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModulePathTest {
    @Test
    void anApplicationOfModulesRuns(@TempDir Path classes) throws Exception {
        List<String> flags = List.of("--enable-native-access=dev.banos.bindings,org.lwjgl",
                "--add-modules=dev.banos.adapter.lwjgl,org.lwjgl.natives", "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.lwjgl.system.allocator=dev.banos.adapter.lwjgl.BanosMemoryAllocator");
        assertThat(ModularApplication.run(classes, List.of("lwjgl"), flags)).isEqualTo("dev.banos.adapter.lwjgl: 1 block, then 0");
    }
}
