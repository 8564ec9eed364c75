package dev.banos.loader.elf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Bytes to take out of sections. What lies behind a cut moves down: code, symbols, relocations; the section gets shorter.
 *
 * <pre>
 *     before   | code | cut | more code |        after   | code | more code |
 * </pre>
 */
public final class Cuts {
    private final ElfObject object;
    private final byte[] bytes;
    private final Map<Integer, Section> sections = new HashMap<>();

    /** The cuts of one section, in the order of their offsets. */
    private static final class Section {
        private final List<Long> starts = new ArrayList<>();
        private final List<Long> lengths = new ArrayList<>();
        /** By cut: how much it and all before it take away. */
        private final List<Long> sums = new ArrayList<>();

        /** Where the byte at {@code offset} moves to; from the middle of a cut, to where the cut was. */
        long moved(long offset) {
            int low = 0;
            int high = starts.size(); // the first cut that begins at the offset or behind it
            while (low < high) {
                int middle = low + high >>> 1;
                if (starts.get(middle) < offset) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            if (low == 0) {
                return offset;
            }
            long behind = starts.get(low - 1) + lengths.get(low - 1) - offset; // of the cut, the part that lies behind the offset
            return offset - sums.get(low - 1) + Math.max(0, behind);
        }
    }

    public Cuts(ElfObject object) {
        this.object = object;
        this.bytes = object.bytes().clone();
    }

    public boolean isEmpty() {
        return sections.isEmpty();
    }

    /** Marks bytes of a section; the cuts of one section are added in their order and do not overlap. */
    public void add(int section, long offset, long length) {
        Section cuts = sections.computeIfAbsent(section, index -> new Section());
        long before = cuts.sums.isEmpty() ? 0 : cuts.sums.getLast();
        assert cuts.starts.isEmpty() || offset >= cuts.starts.getLast() + cuts.lengths.getLast();
        cuts.starts.add(offset);
        cuts.lengths.add(length);
        cuts.sums.add(before + length);
    }

    /** Writes other bytes to a section, at an offset from before the cuts. */
    public void fill(int section, long offset, byte[] content) {
        System.arraycopy(content, 0, bytes, object.start(section) + (int) offset, content.length);
    }

    /** The object without the marked bytes. */
    public ElfObject apply() {
        sections.forEach(this::close);
        return new ElfObject(object.file(), bytes, object.machine(), object.flags(), shortened(), moved(object.symbols()),
                moved(object.relocations()), null, object.groups());
    }

    private void close(int section, Section cuts) {
        int start = object.start(section);
        for (int i = 0; i < cuts.starts.size(); i++) {
            long from = cuts.starts.get(i) + cuts.lengths.get(i);
            long to = i + 1 < cuts.starts.size() ? cuts.starts.get(i + 1) : object.sections().size(section);
            System.arraycopy(bytes, start + (int) from, bytes, start + (int) (from - cuts.sums.get(i)), (int) (to - from));
        }
    }

    private SectionTable shortened() {
        long[] sizes = new long[object.sections().count()];
        Arrays.setAll(sizes, object.sections()::size);
        sections.forEach((section, cuts) -> sizes[section] -= cuts.sums.getLast());
        return object.sections().withSizes(sizes);
    }

    private SymbolTable moved(SymbolTable symbols) {
        long[] values = new long[symbols.count()];
        long[] sizes = new long[symbols.count()];
        for (int symbol = 0; symbol < values.length; symbol++) {
            long value = symbols.value(symbol);
            long size = symbols.size(symbol);
            Section cuts = sections.get(symbols.section(symbol));
            values[symbol] = cuts == null ? value : cuts.moved(value);
            sizes[symbol] = cuts == null ? size : cuts.moved(value + size) - values[symbol];
        }
        return symbols.with(values, sizes);
    }

    private List<RelocationTable> moved(List<RelocationTable> tables) {
        List<RelocationTable> moved = new ArrayList<>();
        for (RelocationTable table : tables) {
            Section cuts = sections.get(table.target());
            moved.add(cuts == null ? table : moved(table, cuts));
        }
        return moved;
    }

    private static RelocationTable moved(RelocationTable table, Section cuts) {
        long[] words = table.words();
        for (int i = 0; i < words.length; i += RelocationTable.WORDS) {
            words[i] = cuts.moved(words[i]);
        }
        return table.withWords(words);
    }
}
