package dev.banos.mem.mappings;

import dev.banos.lock.SpinLock;
import dev.banos.mem.system.Kernel;
import dev.banos.mem.system.MappingTable;
import dev.banos.mem.system.Reservation;
import dev.banos.mem.system.Unmapping;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Which blocks are mappings of their own, of all heaps: what tells a right free of one from a wrong one. */
public final class MappingRegistry {
    /** A block as the registry knows it. */
    public record Mapping(long address, long bytes, DirectMappings owner) {
    }

    /** No result: mappings are never negative in length. */
    static final long NONE = -1;

    /** Its parts, each with its own lock. */
    static final int STRIPES = 16;
    private static final List<MappingTable<DirectMappings>> TABLES = new ArrayList<>(STRIPES);
    private static final SpinLock[] LOCKS = new SpinLock[STRIPES];

    static {
        Reservation.secure();
        Unmapping.prepare();
        for (int i = 0; i < STRIPES; i++) {
            TABLES.add(new MappingTable<>());
            LOCKS[i] = new SpinLock();
        }
    }

    private MappingRegistry() {
    }

    /** @param extent of {@link MappingTable#extent} */
    static void put(long address, long extent, DirectMappings owner) {
        int stripe = stripe(address);
        LOCKS[stripe].lock();
        try {
            TABLES.get(stripe).put(address, extent, owner);
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    /** Takes a block out. @return its extent, or {@link #NONE} where it is not a block of that heap */
    static long take(long address, DirectMappings owner) {
        return find(address, owner, true);
    }

    /** The same, and the block stays. */
    static long extent(long address, DirectMappings owner) {
        return find(address, owner, false);
    }

    private static long find(long address, DirectMappings owner, boolean remove) {
        int stripe = stripe(address);
        LOCKS[stripe].lock();
        try {
            MappingTable<DirectMappings> table = TABLES.get(stripe);
            int index = table.indexOf(address);
            if (index == MappingTable.NONE || table.owner(index) != owner) {
                return NONE;
            }
            long extent = table.extentAt(index);
            if (remove) {
                table.removeAt(index);
            }
            return extent;
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    /** @return the address of a live block of that heap in one part of the registry, or 0 */
    static long anyOf(int stripe, DirectMappings owner) {
        LOCKS[stripe].lock();
        try {
            return TABLES.get(stripe).anyOf(owner);
        } finally {
            LOCKS[stripe].unlock();
        }
    }

    /** How many blocks there are, their bytes, and how many of these ask for huge pages. */
    public record Sum(long count, long bytes, long hugeBytes) {
    }

    public static Sum sum() {
        long count = 0;
        long bytes = 0;
        long hugeBytes = 0;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<DirectMappings> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    count += table.address(i) != 0 ? 1 : 0;
                    bytes += table.address(i) != 0 ? table.lengthAt(i) : 0;
                    hugeBytes += table.address(i) != 0 && MappingTable.isHuge(table.extentAt(i)) ? table.lengthAt(i) : 0;
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return new Sum(count, bytes, hugeBytes);
    }

    /** Every live block of some heaps, as it was when its part of the registry was looked at. */
    public static List<Mapping> all(Predicate<DirectMappings> wanted) {
        List<Mapping> mappings = new ArrayList<>();
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<DirectMappings> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    if (table.address(i) != 0 && wanted.test(table.owner(i))) {
                        mappings.add(new Mapping(table.address(i), table.lengthAt(i), table.owner(i)));
                    }
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return mappings;
    }

    /** The block that holds the byte at {@code address}, of whatever heap; a search through all, for messages. */
    public static @Nullable Mapping containing(long address) {
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            LOCKS[stripe].lock();
            try {
                MappingTable<DirectMappings> table = TABLES.get(stripe);
                for (int i = 0; i < table.capacity(); i++) {
                    long start = table.address(i);
                    if (start != 0 && address >= start && address < start + table.lengthAt(i)) {
                        return new Mapping(start, table.lengthAt(i), table.owner(i));
                    }
                }
            } finally {
                LOCKS[stripe].unlock();
            }
        }
        return null;
    }

    private static int stripe(long address) {
        long page = address / Kernel.PAGE_BYTES;
        return (int) (page ^ page >>> 8) & (STRIPES - 1);
    }
}
