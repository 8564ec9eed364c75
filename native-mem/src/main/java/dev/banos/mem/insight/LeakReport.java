package dev.banos.mem.insight;

import dev.banos.mem.text.Counted;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Live blocks by the heap they live in and the stack that allocated them, most bytes first. */
public final class LeakReport {
    private static final int STACKS_SHOWN = 20;
    private static final int FRAMES_SHOWN = 12;

    /** What the report is of, with a colon; nothing for all heaps. */
    private final String subject;
    private final List<Site> sites;

    private LeakReport(String subject, Stream<Site> sites) {
        this.subject = subject;
        this.sites = sites.sorted(Comparator.comparingLong(Site::weight).thenComparingLong(Site::bytes).reversed()).toList();
    }

    /**
     * The blocks of one heap that one stack has allocated and that are still live.
     *
     * @param heap its name, as in all figures: {@code malloc}, or {@code heap} and the name it was given
     * @param stack the frames, innermost first, without the allocator's own
     * @param blocks how many blocks are remembered
     * @param bytes their sizes, as asked for
     * @param weight an estimate of all live bytes of that stack, remembered or not
     * @param liveBlocks an estimate of all its live blocks
     */
    public record Site(String heap, List<StackTraceElement> stack, long blocks, long bytes, long weight, long liveBlocks) {
        private static Stream<Site> of(String heap, Collection<TrackedBlock> blocks) {
            return blocks.stream().collect(Collectors.groupingBy(TrackedBlock::stack)).entrySet().stream()
                    .map(entry -> of(heap, entry.getKey(), entry.getValue()));
        }

        private static Site of(String heap, CallStack stack, List<TrackedBlock> blocks) {
            return new Site(heap, stack.frames(), blocks.size(), blocks.stream().mapToLong(TrackedBlock::size).sum(),
                    blocks.stream().mapToLong(TrackedBlock::weight).sum(), blocks.stream().mapToLong(TrackedBlock::count).sum());
        }
    }

    static LeakReport of(String heap, Collection<TrackedBlock> blocks) {
        return new LeakReport(heap + ": ", Site.of(heap, blocks));
    }

    static LeakReport of(Collection<LeakRecords> heaps) {
        return new LeakReport("", heaps.stream().flatMap(heap -> Site.of(heap.heap(), heap.blocks())));
    }

    /** {@return what is live, by heap and stack, largest {@link Site#weight} first; empty if nothing is} */
    public List<Site> sites() {
        return sites;
    }

    /** {@return an estimate of all live bytes} */
    public long weight() {
        return sites.stream().mapToLong(Site::weight).sum();
    }

    /**
     * {@return the report as flame graph tools read it} Each stack is a line: the heap, the frames, outermost first, and the bytes.
     */
    public String toFoldedStacks() {
        return sites.stream().map(LeakReport::folded).collect(Collectors.joining());
    }

    private static String folded(Site site) {
        String frames = site.stack.reversed().stream()
                .map(frame -> folded(frame.getClassName() + "." + frame.getMethodName()))
                .collect(Collectors.joining(";"));
        return folded(site.heap) + ";" + frames + " " + site.weight + "\n";
    }

    private static String folded(String frame) {
        return frame.replace(';', ':').replaceAll("\\s", "_");
    }

    /**
     * Writes what {@code pprof} reads: a gzip of profile.proto with the estimates of live blocks and live bytes for each stack, and
     * the heap as a label.
     *
     * @param out gets the bytes, and is left open
     * @throws IOException as {@code out} throws it
     */
    public void writePprof(OutputStream out) throws IOException {
        PprofProfile profile = new PprofProfile();
        for (Site site : sites) {
            profile.add(site.heap, site.stack, site.liveBlocks, site.weight);
        }
        profile.writeTo(out);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("banos: ").append(subject).append(weight()).append(" bytes live in ")
                .append(counted(sites.size(), "stack")).append('\n');
        sites.stream().limit(STACKS_SHOWN).forEach(site -> append(text, site));
        int others = sites.size() - STACKS_SHOWN;
        if (others > 0) {
            text.append("  and ").append(others).append(" more ").append(Counted.noun(others, "stack")).append('\n');
        }
        return text.toString();
    }

    private static String counted(long count, String what) {
        return count + " " + Counted.noun(count, what);
    }

    private static void append(StringBuilder text, Site site) {
        text.append("  ").append(site.weight).append(" bytes of ").append(site.heap).append(" (")
                .append(counted(site.blocks, "block")).append(" of ").append(site.bytes).append(" bytes remembered)\n");
        site.stack.stream().limit(FRAMES_SHOWN).forEach(frame -> text.append("    at ").append(frame).append('\n'));
    }
}
