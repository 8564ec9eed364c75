package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.testing.RunsObjects;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who listens to an installation hears each phase once, and may end it at any of them. */
@RunsObjects
class LoadListenerTest {
    private static final String CODE = """
            #include <banos/driver.h>
            #include <banos/export.h>
            #include <banos/print.h>
            BODY
            static int init(struct Banos_Driver *d) { banos_dprintln(d->name); return 0; }
            static int uninit(struct Banos_Driver *d) { (void)d; banos_dprintln("end"); return 0; }
            BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "NAME", .init = init, .uninit = uninit };
            """;
    private static final List<String> LINKED = List.of("check", "place", "resolve", "relocate", "seal", "start");

    @TempDir
    Path folder;
    private Path user;
    private Path owner;

    @BeforeEach
    void compile() {
        user = CCompiler.text(folder, "user", CODE.replace("NAME", "user")
                .replace("BODY", "extern int f(void); int g(void) { return f(); } BANOS_EXPORT(g);"), "-O2");
        owner = CCompiler.text(folder, "owner", CODE.replace("NAME", "owner")
                .replace("BODY", "int f(void) { return 7; } BANOS_EXPORT(f);"), "-O2");
    }

    private static String text(LoadStep step) {
        assertThat(step.phase().nanos()).isNotNegative();
        return Path.of(step.file()).getFileName().toString().replaceAll("@[0-9]+", "") + " " + step.number() + "/" + step.count() + " " + step.phase().name();
    }

    @Test
    void eachPhaseIsToldInOrder() {
        List<String> told = new ArrayList<>();
        List<String> expected = new ArrayList<>(List.of("user.o 1/2 read", "user.o 1/2 parse", "owner.o 2/2 read", "owner.o 2/2 parse"));
        LINKED.forEach(phase -> expected.add("owner.o 1/2 " + phase)); // it is needed by the other
        LINKED.forEach(phase -> expected.add("user.o 2/2 " + phase));
        try (Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { }).withListener(step -> told.add(text(step)))) {
            loader.install(List.of(user, owner));
            assertThat(told).containsExactlyElementsOf(expected);
            told.clear();
            loader.install(owner);
            assertThat(told).hasSize(2 + LINKED.size()).allMatch(line -> line.startsWith("owner.o 1/1 "));
        }
    }

    @Test
    void anArchivesPartsAreToldByTheirNames() {
        Path archive = folder.resolve("libdrivers.a");
        CCompiler.run(List.of("ar", "rcs", archive.toString(), user.toString(), owner.toString()));
        List<String> told = new ArrayList<>();
        try (Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { }).withListener(step -> told.add(text(step)))) {
            loader.install(List.of(archive));
            assertThat(told).startsWith("libdrivers.a 1/1 read", "libdrivers.a 1/1 parse", "libdrivers.a(owner.o) 1/2 check")
                    .endsWith("libdrivers.a(user.o) 2/2 start").hasSize(2 + 2 * LINKED.size());
        }
    }

    @Test
    void whateverItThrowsNothingStays() {
        int steps = 2 * (2 + LINKED.size());
        for (int last = 1; last <= steps; last++) {
            List<String> console = new ArrayList<>();
            try (Loader loader = Loader.create(InstallPolicy.anyUser(), console::add)) {
                loader.withListener(failingAt(last));
                assertThatThrownBy(() -> loader.install(List.of(user, owner))).isInstanceOf(ArithmeticException.class);
                assertThat(loader.drivers()).isEmpty();
                assertThat(console.stream().filter("end"::equals).count()).as("uninit for each init")
                        .isEqualTo(console.stream().filter(line -> !"end".equals(line)).count());
                loader.withListener(step -> { });
                assertThat(loader.install(List.of(user, owner))).hasSize(2);
            }
        }
    }

    private static Consumer<LoadStep> failingAt(int last) {
        int[] told = {0};
        return step -> {
            if (++told[0] == last) {
                throw new ArithmeticException(step.toString());
            }
        };
    }

    @Test
    void aLinkOfObjectsIsToldToo() {
        Path object = CCompiler.text(folder, "object", "int f(void) { return 7; }", "-O2");
        Path other = CCompiler.text(folder, "other", "int f(void); int g(void) { return f(); }", "-O2");
        List<String> told = new ArrayList<>();
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).withListener(step -> told.add(text(step)))
                .add(object).add(other).link()) {
            assertThat(told).startsWith("object.o 1/0 read", "object.o 1/0 parse", "other.o 2/0 read", "other.o 2/0 parse",
                    "object.o 1/1 check").endsWith("object.o 1/1 start").hasSize(4 + LINKED.size());
            assertThat(library.footprint()).isPositive();
        }
        for (int last = 1; last <= 2 + LINKED.size(); last++) {
            ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser()).withListener(failingAt(last));
            assertThatThrownBy(() -> linker.add(object).link()).isInstanceOf(ArithmeticException.class);
        }
    }
}
