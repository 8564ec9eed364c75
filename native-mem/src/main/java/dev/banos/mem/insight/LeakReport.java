package dev.banos.mem.insight;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Live blocks by the stack that allocated them, most bytes first. */
public final class LeakReport {
    private static final int STACKS_SHOWN = 20;
    private static final int FRAMES_SHOWN = 12;

    private final List<Site> sites;

    private LeakReport(List<Site> sites) {
        this.sites = sites;
    }

    /**
     * What one stack has allocated that is still live.
     *
     * @param blocks how many blocks are remembered
     * @param bytes their sizes, as asked for
     * @param weight the estimate of all bytes of that stack that are live, remembered or not
     */
    public record Site(List<StackTraceElement> stack, long blocks, long bytes, long weight) {
        private static Site of(CallStack stack, List<TrackedBlock> blocks) {
            return new Site(stack.frames(), blocks.size(), blocks.stream().mapToLong(TrackedBlock::size).sum(),
                    blocks.stream().mapToLong(TrackedBlock::weight).sum());
        }
    }

    static LeakReport of(Collection<TrackedBlock> blocks) {
        Map<CallStack, List<TrackedBlock>> byStack = blocks.stream().collect(Collectors.groupingBy(TrackedBlock::stack));
        return new LeakReport(byStack.entrySet().stream()
                .map(entry -> Site.of(entry.getKey(), entry.getValue()))
                .sorted(Comparator.comparingLong(Site::weight).thenComparingLong(Site::bytes).reversed())
                .toList());
    }

    public List<Site> sites() {
        return sites;
    }

    /** The estimate of all bytes that are live. */
    public long weight() {
        return sites.stream().mapToLong(Site::weight).sum();
    }

    /** As flame graph tools read it: a line a stack, outermost frame first, then the bytes. */
    public String toFoldedStacks() {
        return sites.stream().map(LeakReport::folded).collect(Collectors.joining());
    }

    private static String folded(Site site) {
        String frames = site.stack.reversed().stream()
                .map(frame -> (frame.getClassName() + "." + frame.getMethodName()).replace(';', ':').replace(' ', '_'))
                .collect(Collectors.joining(";"));
        return frames + " " + site.weight + "\n";
    }

    /** Writes what {@code pprof} reads: a gzip of profile.proto with live blocks and live bytes for each stack. */
    public void writePprof(OutputStream out) throws IOException {
        PprofProfile profile = new PprofProfile();
        for (Site site : sites) {
            profile.add(site.stack, site.blocks, site.weight);
        }
        profile.writeTo(out);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("banos: ").append(weight()).append(" bytes live in ").append(sites.size()).append(" stacks\n");
        sites.stream().limit(STACKS_SHOWN).forEach(site -> append(text, site));
        if (sites.size() > STACKS_SHOWN) {
            text.append("  and ").append(sites.size() - STACKS_SHOWN).append(" more stacks\n");
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Site site) {
        text.append("  ").append(site.weight).append(" bytes (").append(site.blocks).append(" blocks of ")
                .append(site.bytes).append(" bytes remembered)\n");
        site.stack.stream().limit(FRAMES_SHOWN).forEach(frame -> text.append("    at ").append(frame).append('\n'));
    }
}
