package dev.banos.samples.heapmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.fuzz.AllocatorUnderTest;
import dev.banos.fuzz.Target;
import dev.banos.fuzz.Trace;
import dev.banos.mem.Heap;
import dev.banos.samples.command.CommandEnd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeapMapTest {
    private static final int SMALL = 1000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"banos", "glibc"})
    void framesCountWhatIsLive(String target) {
        Recording recording = record(target);

        Recording.Frame before = recording.frames().get(recording.frames().size() - 2);
        assertThat(before.liveBytes()).isEqualTo(SMALL * 100L + 300_000);
        assertThat(before.blocksBySize()[Recorder.doubling(100)]).isEqualTo(SMALL);
        assertThat(before.bytesBySize()[Recorder.doubling(300_000)]).isEqualTo(300_000);
        assertThat(before.residentBytes()).isGreaterThanOrEqualTo(300_000);
        assertThat(recording.frames().getLast().liveBytes()).isZero();
        assertThat(Arrays.stream(recording.frames().getLast().blocksBySize()).sum()).isZero();
    }

    @Test
    void everyChangeNamesARegionAndHas256Pages() {
        Recording recording = record("banos");
        assertThat(recording.regions()).isNotEmpty().doesNotHaveDuplicates().allMatch(region -> region % Pages.REGION_BYTES == 0);
        assertThat(recording.frames()).flatMap(Recording.Frame::pages).isNotEmpty().allSatisfy(change -> {
            assertThat(change.region()).isBetween(0, recording.regions().size() - 1);
            assertThat(cells(change.pages())).isEqualTo(Pages.COUNT);
        });
    }

    @Test
    void pagesTellFullFromEmptyFromUntouched() {
        Pages pages = new Pages(0, new BitSet()); // nobody maps the bottom of the address space
        pages.add(0, Pages.PAGE_BYTES);
        pages.add(Pages.PAGE_BYTES + 10, 1);
        pages.add(3 * Pages.PAGE_BYTES - 5, 10);
        assertThat(pages.text()).isEqualTo("IB3A252");
    }

    /** Pages inside runs that are partly in use go back to the kernel at a trim: the map says what is resident, not what once was. */
    @Test
    void pagesThatWentBackAreNotShownAsResident() {
        int count = 4096;
        long size = 1500; // so that two blocks in three lie in a page of others
        int kept = 64;
        try (Heap heap = Heap.create()) {
            long[] blocks = new long[count];
            Map<Long, BitSet> used = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                blocks[i] = heap.malloc(size);
                Native.segment(blocks[i], size).fill((byte) 1);
                markUsed(used, blocks[i], size);
            }
            long all = resident(used);
            assertThat(all).isGreaterThanOrEqualTo(count * size);
            for (int i = 0; i < count; i++) {
                if (i % kept != 0) {
                    heap.free(blocks[i]);
                }
            }
            heap.trim();
            assertThat(resident(used)).isBetween(count / kept * size, all / 8);
        }
    }

    private static void markUsed(Map<Long, BitSet> used, long block, long size) {
        for (long page = block / Pages.PAGE_BYTES; page <= (block + size - 1) / Pages.PAGE_BYTES; page++) {
            long region = page * Pages.PAGE_BYTES & -Pages.REGION_BYTES;
            used.computeIfAbsent(region, first -> new BitSet(Pages.COUNT)).set((int) (page % Pages.COUNT));
        }
    }

    private static long resident(Map<Long, BitSet> used) {
        return used.entrySet().stream().mapToLong(each -> new Pages(each.getKey(), each.getValue()).lookAtResidency()).sum();
    }

    @Test
    void sizesFallIntoDoublings() {
        assertThat(Stream.of(0L, 1L, 16L, 17L, 32L, 33L, 1L << 40).map(Recorder::doubling))
                .containsExactly(0, 0, 0, 1, 1, 2, 19);
    }

    @Test
    void thePageHoldsTheDataAndNeedsNothingElse() throws IOException, CommandEnd {
        Path page = folder.resolve("map.html");
        assertThat(run("--target", "glibc", trace().toString(), "-o", page.toString())).contains("161 moments");

        String html = Files.readString(page);
        assertThat(html).contains("\"target\":\"glibc\"", "\"trace\":\"t.mtrace.gz\"", "\"live\":400000").doesNotContain("\"DATA\"");
        assertThat(html).doesNotContain("http:", "https:", "src=", "href=", "@import");
    }

    @Test
    void aNameThatIsHtmlStaysText() {
        assertThat(MapPage.of(record("banos"), "<script>\"&", "t")).contains("\"target\":\"\\u003cscript\\u003e\\u0022\\u0026\"");
    }

    @Test
    void wrongUsageSaysWhatIsMissing() throws IOException {
        String trace = trace().toString();
        assertThatThrownBy(() -> run("-o", "x.html")).isInstanceOf(CommandEnd.class).hasMessageContaining("trace is missing");
        assertThatThrownBy(() -> run(trace)).isInstanceOf(CommandEnd.class).hasMessageContaining("-o MAP.html");
        assertThatThrownBy(() -> run(trace, "b")).isInstanceOf(CommandEnd.class).hasMessageContaining("one trace");
        assertThatThrownBy(() -> run("--target", "nonesuch", trace, "-o", "x.html"))
                .isInstanceOf(CommandEnd.class).hasMessageContaining("nonesuch");
        assertThatThrownBy(() -> run("--target", "glibc", folder.resolve("none").toString(), "-o", "x.html"))
                .isInstanceOf(CommandEnd.class).hasMessageContaining("no such file");
        assertThatThrownBy(() -> run("--target", "glibc", trace, "-o", folder.toString()))
                .isInstanceOf(CommandEnd.class).hasMessageContaining("cannot be written");
    }

    private static Recording record(String target) {
        try (AllocatorUnderTest allocator = Target.of(target).open()) {
            return new Recorder(allocator, small()).record();
        }
    }

    private static Trace small() {
        Trace.Builder builder = new Trace.Builder();
        for (int i = 0; i < SMALL; i++) {
            builder.add(Trace.MALLOC, i, 100, 0);
        }
        return builder.add(Trace.CALLOC, SMALL, 300_000, 0).build();
    }

    private Path trace() throws IOException {
        Path file = folder.resolve("t.mtrace.gz");
        small().write(file);
        return file;
    }

    private static int cells(String text) {
        return Stream.of(text.split("(?=[a-iA-I])")).mapToInt(run -> run.length() == 1 ? 1 : Integer.parseInt(run.substring(1))).sum();
    }

    private static String run(String... args) throws CommandEnd {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(HeapMap.run(args, print, print)).isZero();
        return out.toString(StandardCharsets.UTF_8);
    }
}
