package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two files that a link for another place leaves. */
class OfflineLinkerTest {
    private static final Path DRIVERS = Path.of("../samples/drivers/x86-64");

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

    /** Against nm, whose values of an object count from its section's beginning. */
    @Test
    void theMapSaysWhereEachGlobalSymbolIs() {
        Path file = CCompiler.text(folder, "a", """
                int first(void) { return 1; }
                static int hidden(void) { return 2; }
                int (*table[])(void) = { first, hidden };
                int second(int n) { return table[n](); }
                _Thread_local int own;
                """, "-O1", "-fno-toplevel-reorder");
        String map = OfflineLinker.at(1L << 32).link(file).mapJson();
        Map<String, String> sectionOf = Map.of("first", "\\.text", "second", "\\.text", "table", "\\.data\\.rel(?:\\.local)?");
        for (String line : CCompiler.run(List.of("nm", "--extern-only", "--defined-only", file.toString())).lines().toList()) {
            String[] field = line.split(" ");
            if (field[2].equals("own")) {
                assertThat(map).doesNotContain("\"name\":\"own\"");
                continue;
            }
            long section = number(map, "\"name\":\"" + sectionOf.get(field[2]) + "\",\"address\":(\\d+)");
            assertThat(number(map, "\"name\":\"" + field[2] + "\",\"address\":(\\d+)")).as(field[2])
                    .isEqualTo(section + Long.parseLong(field[0], 16));
        }
        assertThat(map).doesNotContain("hidden");
    }

    private static long number(String text, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        assertThat(matcher.find()).as(pattern + " in " + text).isTrue();
        return Long.parseLong(matcher.group(1));
    }

    /** What somebody defines as 0 is there, and so is what lies at an image's address 0. */
    @Test
    void anAddressMayBeZero() {
        Path file = CCompiler.text(folder, "zero", """
                extern char zero[], weak[] __attribute__((weak)), __start_parts[];
                extern void *__dso_handle;
                char *table[] = { zero, weak, __start_parts, (char *) &__dso_handle };
                __attribute__((section("parts"))) int first(void) { return 1; }
                """, "-O2", "-fno-asynchronous-unwind-tables");
        OfflineLinker.Linked linked = OfflineLinker.at(0).define("zero", 0).define("weak", 0).link(file);
        assertThat(linked.mapJson()).contains("\"name\":\"zero\",\"address\":0", "\"name\":\"weak\",\"address\":0",
                "\"name\":\"__dso_handle\",\"address\":0", "\"name\":\"parts\",\"address\":0");
        assertThatThrownBy(() -> OfflineLinker.at(0).link(file)).isInstanceOf(LinkException.class).hasMessageContaining("missing import: zero;");
        assertThat(OfflineLinker.at(0).define("zero", 0).phonyImports().link(file).mapJson()).contains("\"name\":\"zero\",\"address\":0");
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

    /** As where memory runs out for the map, when the image has been written. */
    @Test
    void noHalfStaysWhereAnErrorComesBetweenTheTwo() throws Exception {
        OfflineLinker.Linked linked = link();
        Error error = new OutOfMemoryError("of this test");
        AtomicReference<Set<String>> seen = new AtomicReference<>();
        Path failing = path((method, arguments) -> {
            seen.compareAndSet(null, Set.of(folder.toFile().list()));
            throw error;
        });
        Path watched = path((method, arguments) -> arguments != null && arguments[0].equals("a.map.json.part") ? failing
                : method.invoke(folder, arguments));
        assertThatThrownBy(() -> linked.write(watched, "a")).isSameAs(error);
        assertThat(seen.get()).contains("a.image.part");
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("a.c", "a.o");
    }

    /** What a method of a path does. */
    private interface Answer {
        Object of(Method method, Object[] arguments) throws Exception;
    }

    private static Path path(Answer answer) {
        return (Path) Proxy.newProxyInstance(Path.class.getClassLoader(), new Class<?>[] {Path.class},
                (proxy, method, arguments) -> answer.of(method, arguments));
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

    /** Whatever lay there before, and where: a native segment, or an array. The last object has gaps, the one before it a GOT. */
    @Test
    void anImageInMemoryOfTheCallersHasTheSameBytes() throws Exception {
        List<Path> objects = List.of(DRIVERS.resolve("ring.o"), DRIVERS.resolve("stats.o"), DRIVERS.resolve("hello.o"),
                CCompiler.text(folder, "got", "extern int far(int); int (*near)(int) = far; int f(int a) { return far(a); }", "-O2",
                        "-fPIC", "-fno-plt"),
                CCompiler.text(folder, "gaps", """
                        int zero[5000];
                        int wide __attribute__((aligned(8192))) = 7;
                        const char text[] __attribute__((aligned(512))) = "text";
                        const char other[] __attribute__((section("more"), aligned(1024))) = "more";
                        __attribute__((aligned(2048))) int f(void) { return wide + zero[4]; }
                        """, "-O2", "-fPIC", "-ffunction-sections"));
        OfflineLinker linker = OfflineLinker.at(1L << 32).phonyImports();
        try (Arena scope = Arena.ofConfined()) {
            SegmentAllocator again = SegmentAllocator.prefixAllocator(scope.allocate(1 << 20).fill((byte) 0xee));
            SegmentAllocator array = SegmentAllocator.prefixAllocator(MemorySegment.ofArray(new byte[1 << 20]).fill((byte) 0xee));
            for (Path object : objects) {
                OfflineLinker.Linked alone = linker.link(object);
                for (SegmentAllocator memory : List.of(again, array)) {
                    OfflineLinker.Linked linked = linker.link(Files.readAllBytes(object), "again", memory);
                    assertThat(linked.bytes()).isEqualTo(alone.bytes());
                    assertThat(linked.segment().mismatch(MemorySegment.ofArray(alone.bytes()))).isEqualTo(-1);
                    assertThat(linked.mapJson()).isEqualTo(alone.mapJson());
                    linked.write(folder, "again");
                    byte[] written = Files.readAllBytes(folder.resolve("again.image"));
                    assertThat(written).hasSize((int) alone.size()).startsWith(alone.bytes());
                }
            }
        }
    }

    @Test
    void anArchiveIsNamedAsSuch() throws Exception {
        Path archive = Files.writeString(folder.resolve("liba.a"), "!<arch>\n");
        assertThatThrownBy(() -> OfflineLinker.at(1L << 32).link(archive)).isInstanceOf(LinkException.class)
                .hasMessageContaining("liba.a: an archive, where one object is wanted; ar x takes its members out");
    }

    @Test
    void memoryWithoutRoomIsRefusedWithTheSizeThatIsNeeded() throws Exception {
        Path object = CCompiler.text(folder, "a", "int a = 5; int f(void) { return a; }", "-O2");
        int needed = link().bytes().length;
        SegmentAllocator tooSmall = SegmentAllocator.prefixAllocator(MemorySegment.ofArray(new byte[needed - 1]));
        assertThatThrownBy(() -> OfflineLinker.at(1L << 32).link(Files.readAllBytes(object), "a.o", tooSmall))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("the " + needed + " bytes of the image of a.o");
        SegmentAllocator enough = SegmentAllocator.prefixAllocator(MemorySegment.ofArray(new byte[needed]));
        assertThat(OfflineLinker.at(1L << 32).link(Files.readAllBytes(object), "a.o", enough).bytes()).hasSize(needed);
    }

    /** The image would begin again at address 0. */
    @Test
    void anImageEndsWithinTheAddressSpace() {
        Path object = CCompiler.text(folder, "wide", "int there(void); int data = 5; int f(void) { return there(); }", "-O2", "-fPIC");
        long size = OfflineLinker.at(1L << 32).phonyImports().link(object).size();
        assertThat(OfflineLinker.at(-size).define("there", -size).link(object).size()).isEqualTo(size);
        for (OfflineLinker tooHigh : List.of(OfflineLinker.at(-size + 4096).define("there", -size), OfflineLinker.at(-4096L).phonyImports(),
                OfflineLinker.at(-size).phonyImports())) {
            assertThatThrownBy(() -> tooHigh.link(object)).isInstanceOf(LinkException.class).hasMessageContaining("wide.o")
                    .hasMessageContaining("reach beyond the end of the address space").hasMessageContaining("no larger than 0x");
        }
    }
}
