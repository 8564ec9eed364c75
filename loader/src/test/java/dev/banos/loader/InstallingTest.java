package dev.banos.loader;

import dev.banos.testing.RunsObjects;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;

/** What tests that install drivers begin and end with. */
@RunsObjects
abstract class InstallingTest {
    @TempDir
    Path folder;
    final List<String> console = new ArrayList<>();
    @AutoClose
    final Loader loader = Loader.create(InstallPolicy.anyUser(), console::add);
}
