package dev.banos.fuzz.model;

import dev.banos.fuzz.program.Bytes;
import java.util.HashSet;
import java.util.Set;

/** The pages that any block has begun or ended in. */
public final class TouchedPages {
    private final Set<Long> seen = new HashSet<>();
    /** What was seen by the {@link #mark}, or lay in memory then, in the same mappings. */
    private final Set<Long> old = new HashSet<>();
    private long last;

    public void add(long address, long bytes) {
        addPage(address / Bytes.PAGE);
        addPage((address + bytes) / Bytes.PAGE);
    }

    private void addPage(long page) {
        if (page != last) {
            seen.add(page);
            last = page;
        }
    }

    public int count() {
        return seen.size();
    }

    /** What is in memory now is not {@link #fresh}. */
    public void mark() {
        old.addAll(seen);
        ForeignMemory.now().forEachRegion((start, end) -> {
            if (seen.stream().anyMatch(page -> page * Bytes.PAGE >= start && page * Bytes.PAGE < end)) {
                Mapped.forEachResident(start, end, page -> old.add(page / Bytes.PAGE));
            }
        });
    }

    /** How many pages were touched since the {@link #mark} that were not in memory then. */
    public long fresh() {
        return seen.stream().filter(page -> !old.contains(page)).count();
    }

    public long resident() {
        return seen.stream().filter(page -> Mapped.isResident(page * Bytes.PAGE)).count();
    }
}
