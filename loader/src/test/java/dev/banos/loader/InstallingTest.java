package dev.banos.loader;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What tests that install drivers begin and end with. */
abstract class InstallingTest {
    @TempDir
    Path folder;
    final List<String> console = new ArrayList<>();
    Loader loader;

    @BeforeEach
    void create() {
        assumeTrue("amd64".equals(System.getProperty("os.arch")), "skipped: drivers run on x86-64 only");
        loader = Loader.create(InstallPolicy.anyUser(), console::add);
    }

    @AfterEach
    void close() {
        if (loader != null) {
            loader.close();
        }
    }
}
