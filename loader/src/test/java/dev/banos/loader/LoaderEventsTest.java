package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.OnX8664;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording tells of drivers. */
@RunsObjects
class LoaderEventsTest {
    @TempDir
    Path folder;

    @Test
    void aRecordingShowsLoadRelocationInitAndUnload() throws Exception {
        Path good = InstallManyTest.driver(folder, "good", "extern int getpid(void); int get(void) { return getpid(); } BANOS_EXPORT(get);");
        Path bad = InstallManyTest.driver(folder, "bad", "/* fails */");
        Path file = folder.resolve("loads.jfr");
        LoadReport report;
        long base;
        try (Recording recording = new Recording(); Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            recording.start();
            Driver driver = loader.install(good);
            report = driver.report();
            base = driver.base();
            driver.uninstall();
            assertThatThrownBy(() -> loader.install(bad)).isInstanceOf(LinkException.class);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = recorded(file);
        RecordedEvent load = first(events, "Load");
        assertThat(load.getString("module")).isEqualTo("driver good");
        assertThat(load.getString("file")).isEqualTo(good.toString());
        assertThat(load.getLong("address")).isEqualTo(base);
        assertThat(load.getDuration("took")).isPositive();
        assertThat(first(events, "Relocation").getLong("relocations")).isEqualTo(report.relocations());
        assertThat(events.stream().filter(event -> event.getEventType().getName().equals("dev.banos.loader.Init"))
                .map(event -> event.getString("driver") + " " + event.getString("function") + " " + event.getInt("result")))
                .containsExactly("good init 0", "good uninit 0", "bad init -5");
        assertThat(first(events, "Unload").getDuration("life")).isPositive();
        assertThat(view(file)).contains("driver good", "driver bad", "good.o");
    }

    @Test
    @OnX8664
    void aRefusedLoadIsRecordedWithItsPlaceAndCause() throws Exception {
        Path lacks = InstallManyTest.driver(folder, "lacks", "extern int nowhere_at_all(void); int get(void) { return nowhere_at_all(); } BANOS_EXPORT(get);");
        Path far = CCompiler.text(folder, "far", "extern int big; __asm__(\".byte big - .\");", "-O1");
        Path file = folder.resolve("refusals.jfr");
        List<LinkException> refused = new ArrayList<>();
        try (Recording recording = new Recording(); Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            recording.start();
            refused.add(catchThrowableOfType(LinkException.class, () -> loader.install(lacks)));
            refused.add(catchThrowableOfType(LinkException.class, () -> loader.install(List.of(folder.resolve("absent.o")))));
            refused.add(catchThrowableOfType(LinkException.class, () -> loader.install(new byte[100], "zeroes")));
            refused.add(catchThrowableOfType(LinkException.class, () -> ObjectLinker.create(InstallPolicy.anyUser().and(
                    InstallPolicy.of((path, bytes, metadata) -> false))).add(far)));
            refused.add(catchThrowableOfType(LinkException.class, () -> ObjectLinker.create(InstallPolicy.anyUser()).add(far)
                    .define("big", MemorySegment.ofAddress(1L << 40)).link()));
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = recorded(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.banos.loader.Refused")).toList();
        assertThat(events).hasSameSizeAs(refused);
        for (int i = 0; i < refused.size(); i++) {
            RecordedEvent event = events.get(i);
            LinkException thrown = refused.get(i);
            assertThat(event.getString("file")).isEqualTo(thrown.file());
            assertThat(event.getString("section")).isEqualTo(thrown.section().orElse(null));
            assertThat(event.getLong("entry")).isEqualTo(thrown.index().orElse(-1));
            assertThat(event.getString("cause")).isEqualTo(thrown.why());
            assertThat(event.getString("remedy")).isEqualTo(thrown.remedy().orElse(null));
            assertThat(event.getInt("errno")).isEqualTo(thrown.errno());
        }
        assertThat(events.getLast().getString("section")).contains(".rela.text");
    }

    @Test
    void anUninitThatADriverHasNotIsNotRecorded() throws Exception {
        Path file = folder.resolve("inits.jfr");
        Path stays = CCompiler.text(folder, "stays", """
                #include <banos/driver.h>
                static int init(struct Banos_Driver *d) { (void)d; return 3; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof driver, .name = "stays", .init = init };
                """, "-O2");
        try (Recording recording = new Recording(); Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            recording.start();
            loader.install(stays).uninstall();
            recording.stop();
            recording.dump(file);
        }
        assertThat(recorded(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.banos.loader.Init"))
                .map(event -> event.getString("driver") + " " + event.getString("function") + " " + event.getInt("result")))
                .containsExactly("stays init 3");
    }

    /** In the order in which they happened: a file's own is that of its buffers. */
    private static List<RecordedEvent> recorded(Path file) throws IOException {
        return RecordingFile.readAllEvents(file).stream().sorted(Comparator.comparing(RecordedEvent::getStartTime)).toList();
    }

    private static RecordedEvent first(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals("dev.banos.loader." + name)).findFirst()
                .orElseThrow();
    }

    private static String view(Path recording) {
        return CCompiler.run(List.of(Path.of(System.getProperty("java.home"), "bin", "jfr").toString(), "view", "--width", "200",
                "dev.banos.loader.Load", recording.toString()));
    }
}
