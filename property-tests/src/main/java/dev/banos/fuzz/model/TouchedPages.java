package dev.banos.fuzz.model;

import dev.banos.fuzz.program.Bytes;
import java.util.HashSet;
import java.util.Set;

/** The pages that any block has begun or ended in. */
public final class TouchedPages {
    private final Set<Long> seen = new HashSet<>();
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

    public long resident() {
        return seen.stream().filter(page -> Mapped.isResident(page * Bytes.PAGE)).count();
    }
}
