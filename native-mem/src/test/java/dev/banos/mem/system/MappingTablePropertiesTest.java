package dev.banos.mem.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The table of mappings, against a HashMap. */
class MappingTablePropertiesTest {
    @Property(tries = 200)
    void behavesAsAMap(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        MappingTable<Object> table = new MappingTable<>();
        Object owner = new Object();
        Map<Long, Long> model = new HashMap<>();
        int pages = 1 << random.nextInt(1, 12);
        for (int step = 0; step < 2000; step++) {
            long address = Kernel.PAGE_BYTES * (1 + random.nextInt(pages));
            int index = table.indexOf(address);
            assertThat(index != MappingTable.NONE).isEqualTo(model.containsKey(address));
            if (index == MappingTable.NONE) {
                long length = step * Kernel.PAGE_BYTES;
                boolean huge = random.nextBoolean();
                table.put(address, MappingTable.extent(length, huge), owner);
                assertThat(MappingTable.isHuge(table.extentAt(table.indexOf(address)))).isEqualTo(huge);
                model.put(address, length);
            } else {
                assertThat(table.lengthAt(index)).isEqualTo(model.get(address));
                table.removeAt(index);
                model.remove(address);
            }
            assertThat(table.size()).isEqualTo(model.size());
        }
        model.forEach((address, length) -> assertThat(table.lengthAt(table.indexOf(address))).isEqualTo(length));
    }

    @Test
    void whatIsPutBackIsNotFoundAgainBeforeTheOthers() {
        MappingTable<Object> table = new MappingTable<>();
        Object owner = new Object();
        int entries = 200;
        for (int i = 1; i <= entries; i++) {
            table.put(i * 7 * Kernel.PAGE_BYTES, Kernel.PAGE_BYTES, owner);
        }
        Set<Long> found = new HashSet<>();
        for (int i = 0; i < entries; i++) {
            long address = table.anyOf(owner);
            found.add(address);
            table.removeAt(table.indexOf(address));
            table.put(address, Kernel.PAGE_BYTES, owner);
        }
        assertThat(found).hasSizeGreaterThan(entries * 3 / 4); // one that a removal has moved may come twice
    }
}
